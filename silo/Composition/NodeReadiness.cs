using Astraea.Core.Lifecycle;
using Astraea.Gateway.Health;
using Astraea.Grains.Driver;
using Astraea.Worker.Engine;

namespace Astraea.Silo.Composition;

/// <summary>A control process can hold requests while its store answers.</summary>
internal sealed class StoreReadiness(ISchedulerEpochs epochs, PoolId pool) : IReadiness
{
    public string Name => "store";

    public async Task<string?> WhatIsMissingAsync(CancellationToken cancellation)
    {
        await epochs.CurrentAsync(pool, cancellation);
        return null;
    }
}

/// <summary>A worker process can compute while none of its workers is in quarantine, and not before they have begun.</summary>
internal sealed class WorkerReadiness(WorkerHost host) : IReadiness
{
    public string Name => "worker";

    public Task<string?> WhatIsMissingAsync(CancellationToken cancellation)
    {
        WorkerService? broken = host.Workers.FirstOrDefault(w => w.Snapshot.Quarantine is not null);
        return Task.FromResult(
            host.Workers.Count == 0 ? "its engines have not begun" : broken is null ? null : $"{broken.Id} is in quarantine: {broken.Snapshot.Quarantine}");
    }
}
