using Astraea.Contracts;

namespace Astraea.Grains.Activations;

/// <summary>
/// Ends parked calls when a process begins to leave its cluster. An actor goes only when its calls have ended, and until then nobody else can be it: a reader or
/// a worker that is parked here for ten seconds would keep its request, or the whole pool, silent for as long.
/// </summary>
public sealed class Departure : IDisposable
{
    private readonly CancellationTokenSource _begun = new();

    /// <summary>The process leaves.</summary>
    public Task BeginAsync() => _begun.CancelAsync();

    /// <summary>Makes a call that may be parked.</summary>
    /// <exception cref="AgentUnavailableException">The process leaves; the same call finds another one.</exception>
    public async Task<T> UntilAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _begun.Token);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (_begun.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new AgentUnavailableException("This process is leaving.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _begun.Dispose();
}
