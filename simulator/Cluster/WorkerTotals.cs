using Astraea.Core.Batching;
using Astraea.Simulator.Cluster.Memory;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>Sums of one worker, over all its lives.</summary>
internal sealed class WorkerTotals
{
    public long Steps { get; set; }

    public double StalledSeconds { get; set; }

    public double BusySeconds { get; set; }

    public long PrefillTokens { get; set; }

    public long OutputTokens { get; set; }

    public long RecomputedTokens { get; private set; }

    public long SwappedOutTokens { get; private set; }

    public long SwappedInTokens { get; private set; }

    public long Preemptions { get; private set; }

    /// <summary>Adds what a batch has counted.</summary>
    public void Add(Batch<WorkerSegment, ContextKv> batch, KvExtents memory, HardwareProfile hardware)
    {
        RecomputedTokens += batch.RecomputedTokens;
        Preemptions += batch.Preemptions;
        SwappedOutTokens += batch.SwappedOutBytes / hardware.KvBytesPerToken + memory.WrittenBack * hardware.BlockTokens;
        SwappedInTokens += batch.SwappedInBytes / hardware.KvBytesPerToken;
    }
}
