using Astraea.Contracts;
using Astraea.Core.Scheduling;

namespace Astraea.Gateway.Health;

/// <summary>A gateway can serve once the scheduler answers and knows a worker.</summary>
internal sealed class SchedulerReadiness(IClusterScheduler scheduler) : IReadiness
{
    public string Name => "scheduler";

    public async Task<string?> WhatIsMissingAsync(CancellationToken cancellation)
    {
        ClusterView view = await scheduler.ViewAsync(cancellation);
        return view.Workers.IsEmpty ? "no worker has reported yet" : null;
    }
}
