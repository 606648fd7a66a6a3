using Astraea.Contracts.FrontDoor;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.FrontDoor;
using Astraea.Grains.Orleans.Contracts;
using Orleans.Concurrency;

namespace Astraea.Silo.Orleans;

/// <summary>The front door of this silo's gateway for callers that come by Orleans: on gateway silos only, where the tokenizer is.</summary>
/// <remarks>
/// Stateless: one activation for a key on each silo, wherever a call arrives; reentrant, because reads wait. What it keeps between reads lies in the
/// gateway and is a shortcut only.
/// </remarks>
[StatelessWorker(1)]
[Reentrant]
public sealed class FrontDoorGrain(AgentFrontDoor door) : Grain, IAgentFrontDoorGrain
{
    /// <inheritdoc/>
    public Task<FrontDoorReply> SubmitAsync(FrontDoorCall.Submit call, CancellationToken cancellation) => For(call).SubmitAsync(call, cancellation);

    /// <inheritdoc/>
    public Task<FrontDoorReply> PostToolResultsAsync(FrontDoorCall.PostToolResults call, CancellationToken cancellation) =>
        For(call).PostToolResultsAsync(call, cancellation);

    /// <inheritdoc/>
    public Task<FrontDoorReply> ReadAsync(FrontDoorCall.Read call, CancellationToken cancellation) => For(call).ReadAsync(call, cancellation);

    /// <inheritdoc/>
    public Task<FrontDoorReply> CancelAsync(FrontDoorCall.Cancel call, CancellationToken cancellation) => For(call).CancelAsync(call, cancellation);

    /// <inheritdoc/>
    public Task<FrontDoorReply> ReadHistoryAsync(FrontDoorCall.ReadHistory call, CancellationToken cancellation) =>
        For(call).ReadHistoryAsync(call, cancellation);

    /// <summary>From here on the call is made for the tenant whose key it carries, whatever its caller said before.</summary>
    private AgentFrontDoor For(FrontDoorCall call)
    {
        TenantId? tenant = door.TenantOf(call.ApiKey);
        CallTenant.Current = tenant?.Value;
        return door;
    }
}
