using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Activations;
using Astraea.Grains.Orleans.Contracts;
using Orleans.Concurrency;

namespace Astraea.Grains.Orleans;

/// <summary>One agent request in a cluster: identity and transport by Orleans, everything else by its machine. Each call is one message to the driver.</summary>
/// <remarks>
/// Reentrant, because the driver takes turns by itself and answers all waiting messages with one append. Put away when idle: the history is the truth,
/// the live index wakes what is due.
/// </remarks>
[Reentrant]
[CollectionAgeLimit(Minutes = 5)]
public sealed class AgentRequestGrain(RequestActivator activator, Departure departure) : Grain, IAgentRequestGrain, ITenantOwned
{
    private RequestActivation? _activation;

    /// <inheritdoc/>
    public TenantId? Tenant => _activation?.Tenant;

    /// <inheritdoc/>
    public Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation) => PostAsync(message, cancellation);

    /// <inheritdoc/>
    public Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation) => PostAsync(message, cancellation);

    /// <inheritdoc/>
    public Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation) => PostAsync(message, cancellation);

    /// <inheritdoc/>
    public Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation) => PostAsync(message, cancellation);

    /// <inheritdoc/>
    public async Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation)
    {
        if (_activation is null && await activator.TryReadEndedAsync(Id, after, max, cancellation) is { } page)
            return page;
        return await departure.UntilAsync(until => Activation.TryReadAsync(after, max, wait, until), cancellation) ?? throw Leaving();
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _activation?.StopAsync() ?? Task.CompletedTask;

    private RequestId Id => RequestId.TryParse(this.GetPrimaryKeyString(), out RequestId id)
        ? id
        : throw new ArgumentException($"'{this.GetPrimaryKeyString()}' is no request id.");

    private RequestActivation Activation => _activation ??= Activate();

    private RequestActivation Activate()
    {
        RequestActivation activation = activator.Activate(Id);
        TimeSpan every = activator.Options.SweepEvery;
        this.RegisterGrainTimer(activation.CheckAttendanceAsync, new GrainTimerCreationOptions(every, every) { Interleave = true });
        return activation;
    }

    private Task<RequestReply> PostAsync(RequestMessage message, CancellationToken cancellation) =>
        Activation.TryPost(message, cancellation, out Task<RequestReply>? reply) ? reply : throw Leaving();

    private AgentUnavailableException Leaving() => new($"{this.GetPrimaryKeyString()} is leaving this silo.");
}
