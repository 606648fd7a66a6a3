using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Grains.Orleans.Contracts;

/// <summary>Agent requests of a cluster, from any of its processes or from a client outside.</summary>
public sealed class GrainAgentRequests(IGrainFactory grains) : IAgentRequests
{
    /// <inheritdoc/>
    public IAgentRequest Get(RequestId id) => new Caller(id, grains.GetGrain<IAgentRequestGrain>(id.ToString()));

    private sealed class Caller(RequestId id, IAgentRequestGrain grain) : IAgentRequest
    {
        public Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation) =>
            GrainCalls.CallAsync(() => grain.SubmitAsync(message, cancellation), id, cancellation);

        public Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation) =>
            GrainCalls.CallAsync(() => grain.PostToolResultsAsync(message, cancellation), id, cancellation);

        public Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation) =>
            GrainCalls.CallAsync(() => grain.CancelAsync(message, cancellation), id, cancellation);

        public Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation) =>
            GrainCalls.CallAsync(() => grain.TellAsync(message, cancellation), id, cancellation);

        public Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation) =>
            GrainCalls.CallAsync(() => grain.ReadAsync(after, max, wait, cancellation), id, cancellation);
    }
}

/// <summary>The scheduler of one pool of a cluster.</summary>
public sealed class GrainClusterScheduler(IGrainFactory grains, PoolId pool) : IClusterScheduler
{
    private readonly IClusterSchedulerGrain _grain = grains.GetGrain<IClusterSchedulerGrain>(pool.Value);

    /// <inheritdoc/>
    public Task TellAsync(RequestStatus status, CancellationToken cancellation) =>
        GrainCalls.CallAsync(async () => { await _grain.TellAsync(status, cancellation); return true; }, pool, cancellation);

    /// <inheritdoc/>
    public Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation) =>
        GrainCalls.CallAsync(() => _grain.PullAsync(request, wait, cancellation), pool, cancellation);

    /// <inheritdoc/>
    public Task<ClusterView> ViewAsync(CancellationToken cancellation) =>
        GrainCalls.CallAsync(() => _grain.ViewAsync(cancellation), pool, cancellation);
}

/// <summary>Says what failed calls have in common: the same call may be sent again.</summary>
internal static class GrainCalls
{
    /// <summary>Calls a grain; whatever Orleans says of a silo that is going or gone becomes <see cref="AgentUnavailableException"/>.</summary>
    public static async Task<T> CallAsync<T>(Func<Task<T>> call, object who, CancellationToken cancellation)
    {
        try
        {
            return await call();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
        {
            throw new AgentUnavailableException($"{who} cannot be reached: {e.Message}", e);
        }
    }
}
