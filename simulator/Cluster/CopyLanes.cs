using Astraea.Core;

namespace Astraea.Simulator.Cluster;

/// <summary>Copies between a worker's device and its host tier: one lane each way, beside the computation.</summary>
/// <remarks>
/// What comes in is used when it is there: its segment waits. What goes out is read from its blocks before they are written again; a small staging
/// area takes it up meanwhile, and only when that is full does the next step wait.
/// </remarks>
internal sealed class CopyLanes(double tokensPerSecond, int blockTokens, int deviceBlocks)
{
    /// <summary>Part of the pool that can be on its way out while its blocks are written again.</summary>
    private const double StagingShare = 1.0 / 64;

    private readonly double _secondsPerBlock = blockTokens / tokensPerSecond;
    private readonly double _stagingSeconds = StagingShare * deviceBlocks * blockTokens / tokensPerSecond;
    private Instant _inFree;
    private Instant _outFree;

    /// <summary>Brings blocks in.</summary>
    /// <returns>When they are there.</returns>
    public Instant In(int blocks, Instant now)
    {
        if (blocks > 0)
            _inFree = Instant.Max(_inFree, now).Plus(blocks * _secondsPerBlock);
        return blocks > 0 ? _inFree : now;
    }

    /// <summary>Takes blocks out.</summary>
    public void Out(long blocks, Instant now)
    {
        if (blocks > 0)
            _outFree = Instant.Max(_outFree, now).Plus(blocks * _secondsPerBlock);
    }

    /// <summary>When a step that writes into blocks may begin.</summary>
    public Instant MayWrite(Instant now) => Instant.Max(now, _outFree.Plus(-_stagingSeconds));
}
