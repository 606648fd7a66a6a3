using Astraea.Contracts;

namespace Astraea.Grains.Orleans;

/// <summary>
/// Ends parked calls when this silo begins to leave. A grain goes only when its calls have ended, and until then nobody else can be it: a reader or a worker that
/// is parked here for ten seconds would keep its request, or the whole pool, silent for as long.
/// </summary>
public sealed class Departure : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _begun = new();

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle) =>
        // What starts last is stopped first.
        lifecycle.Subscribe(nameof(Departure), ServiceLifecycleStage.Last, static _ => Task.CompletedTask, _ => _begun.CancelAsync());

    /// <summary>Makes a call that may be parked.</summary>
    /// <exception cref="AgentUnavailableException">The silo leaves; the same call finds another one.</exception>
    public async Task<T> UntilAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _begun.Token);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (_begun.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new AgentUnavailableException("This silo is leaving.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _begun.Dispose();
}
