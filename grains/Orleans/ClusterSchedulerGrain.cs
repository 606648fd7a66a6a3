using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Orleans.Contracts;
using Orleans.Concurrency;

namespace Astraea.Grains.Orleans;

/// <summary>The scheduler of one pool in a cluster. Wherever it is activated it takes a new epoch and reads the live index; workers bring their leases along.</summary>
[Reentrant]
[KeepAlive]
public sealed class ClusterSchedulerGrain(SchedulerActivator activator, Departure departure) : Grain, IClusterSchedulerGrain
{
    private RunningScheduler? _running;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _running = await activator.StartAsync(new PoolId(this.GetPrimaryKeyString()), cancellationToken);
        TimeSpan every = activator.Options.SweepEvery;
        this.RegisterGrainTimer(SweepAsync, new GrainTimerCreationOptions(every, every) { Interleave = true });
    }

    /// <inheritdoc/>
    public Task TellAsync(RequestStatus status, CancellationToken cancellation) => Scheduler.TellAsync(status, cancellation);

    /// <inheritdoc/>
    public Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation) => departure.UntilAsync(until => Scheduler.PullAsync(request, wait, until), cancellation);

    /// <inheritdoc/>
    public Task<ClusterView> ViewAsync(CancellationToken cancellation) => Scheduler.ViewAsync(cancellation);

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _running?.Activation.StopAsync() ?? Task.CompletedTask;

    private SchedulerActivation Scheduler => _running!.Activation;

    private async Task SweepAsync(CancellationToken cancellation)
    {
        if (!await _running!.SweepAsync(cancellation))
            DeactivateOnIdle();
    }
}
