using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Grains.Orleans.Contracts;

/// <summary>Agent requests of a cluster, from any of its processes or from a client outside.</summary>
public sealed class GrainAgentRequests(IGrainFactory grains) : IAgentRequests
{
    /// <inheritdoc/>
    public IAgentRequest Get(RequestId id) => new Caller(id, grains);

    private sealed class Caller(RequestId id, IGrainFactory grains) : IAgentRequest
    {
        public Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation) =>
            CallAsync(grain => grain.SubmitAsync(message, cancellation), cancellation);

        public Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation) =>
            CallAsync(grain => grain.PostToolResultsAsync(message, cancellation), cancellation);

        public Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation) =>
            CallAsync(grain => grain.CancelAsync(message, cancellation), cancellation);

        public Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation) =>
            CallAsync(grain => grain.TellAsync(message, cancellation), cancellation);

        public Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation) =>
            CallAsync(grain => grain.ReadAsync(after, max, wait, cancellation), cancellation);

        private Task<T> CallAsync<T>(Func<IAgentRequestGrain, Task<T>> call, CancellationToken cancellation) =>
            GrainCalls.CallAsync(grains, id.ToString(), call, cancellation);
    }
}

/// <summary>The scheduler of one pool of a cluster.</summary>
public sealed class GrainClusterScheduler(IGrainFactory grains, PoolId pool) : IClusterScheduler
{
    /// <inheritdoc/>
    public Task TellAsync(RequestStatus status, CancellationToken cancellation) => CallAsync(
        async grain =>
        {
            await grain.TellAsync(status, cancellation);
            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation) =>
        CallAsync(grain => grain.PullAsync(request, wait, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<ClusterView> ViewAsync(CancellationToken cancellation) => CallAsync(grain => grain.ViewAsync(cancellation), cancellation);

    private Task<T> CallAsync<T>(Func<IClusterSchedulerGrain, Task<T>> call, CancellationToken cancellation) =>
        GrainCalls.CallAsync(grains, pool.Value, call, cancellation);
}

/// <summary>Says what failed calls have in common: the same call may be sent again.</summary>
internal static class GrainCalls
{
    /// <summary>Calls a grain; whatever Orleans says of a silo that is going, gone or not yet there becomes <see cref="AgentUnavailableException"/>.</summary>
    public static async Task<T> CallAsync<TGrain, T>(IGrainFactory grains, string key, Func<TGrain, Task<T>> call, CancellationToken cancellation)
        where TGrain : IGrainWithStringKey
    {
        try
        {
            // A cancellation may reach the grain before the call does, and be forgotten there: whoever cancels does not wait for that.
            return await call(Find<TGrain>(grains, key)).WaitAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
        {
            throw new AgentUnavailableException($"{key} cannot be reached: {e.Message}", e);
        }
    }

    private static TGrain Find<TGrain>(IGrainFactory grains, string key) where TGrain : IGrainWithStringKey
    {
        try
        {
            return grains.GetGrain<TGrain>(key);
        }
        catch (ArgumentException e)
        {
            throw new AgentUnavailableException("No control silo has joined yet.", e);
        }
    }
}
