using Astraea.Core.Determinism;

namespace Astraea.Core.Prediction;

/// <summary>Keys of the estimators, from coarse to fine.</summary>
internal static class PredictionKeys
{
    /// <summary>All · category · category and ordinal · category, ordinal and last tool.</summary>
    public const int SegmentChain = 4;

    /// <summary>All · tool · tool in that category.</summary>
    public const int ToolChain = 3;

    private const ulong All = 0;

    /// <summary>Writes the chain of a segment.</summary>
    public static void Segment(Span<ulong> chain, string category, string? lastTool, int ordinal)
    {
        chain[0] = All;
        chain[1] = StableHash.Join(1, StableHash.Of(category));
        chain[2] = StableHash.Join(chain[1], StableHash.Of(Bucket(ordinal)));
        chain[3] = StableHash.Join(chain[2], StableHash.Of(lastTool ?? ""));
    }

    /// <summary>Writes the chain of a tool.</summary>
    public static void Tool(Span<ulong> chain, string category, string? tool)
    {
        chain[0] = All;
        chain[1] = StableHash.Join(2, StableHash.Of(tool ?? ""));
        chain[2] = StableHash.Join(chain[1], StableHash.Of(category));
    }

    /// <summary>0, 1, 2, 3, then one bucket for each doubling: late turns are rare and alike.</summary>
    private static int Bucket(int ordinal)
    {
        int bucket = 0;
        while (ordinal > 3)
        {
            ordinal >>= 1;
            bucket += 2;
        }
        return bucket + Math.Max(ordinal, 0);
    }
}
