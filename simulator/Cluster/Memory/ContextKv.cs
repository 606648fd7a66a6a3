using Astraea.Core;
using Astraea.Core.Batching;

namespace Astraea.Simulator.Cluster.Memory;

/// <summary>The context of one segment on one worker, as lengths.</summary>
internal sealed class ContextKv : IContextKv
{
    private readonly int _blockTokens;
    private int _computed;

    /// <param name="own">Blocks of its session here.</param>
    /// <param name="blockTokens">Tokens in a block (tokens).</param>
    /// <param name="length">Tokens known (tokens).</param>
    /// <param name="kept">Leading tokens that are as they were when this worker last had this context (tokens).</param>
    public ContextKv(Extent own, int blockTokens, int length, int kept)
    {
        Own = own;
        _blockTokens = blockTokens;
        Length = length;
        Kept = kept;
    }

    public Extent Own { get; }

    /// <summary>The prefix it shares with other sessions, or null.</summary>
    public Extent? Shared => Own.Parent;

    /// <summary>Blocks of that prefix.</summary>
    public int SharedBlocks => Own.First;

    public int Kept { get; }

    public int Length { get; set; }

    public int Computed
    {
        get => _computed;
        set
        {
            _computed = value;
            HighWater = Math.Max(HighWater, value);
        }
    }

    public int Pending => Length - Computed;

    public int BlockCount { get; set; }

    /// <summary>When all blocks that are copied in for it have arrived.</summary>
    public Instant AvailableAt { get; set; }

    public int Published => Math.Min(BlockCount, Computed / _blockTokens);

    public int HighWater { get; private set; }

    /// <summary>Leading full blocks a resume may reuse: at least one token is left to compute, for its logits.</summary>
    public int ReusableBlocks => (Length - 1) / _blockTokens;

    public int BlocksFor(int tokens) => (tokens + _blockTokens - 1) / _blockTokens;
}
