using Astraea.Core.Determinism;

namespace Astraea.Core.Prediction;

/// <summary>Keys of the estimators, from coarse to fine. Each writes a chain and says how long it is.</summary>
internal static class PredictionKeys
{
    /// <summary>Keys of a chain at most.</summary>
    public const int ChainMax = 4;

    private const ulong All = 0;
    private const ulong Humans = 1;

    /// <summary>All · category · category and ordinal · category, ordinal and last tool.</summary>
    public static int Segment(Span<ulong> chain, string category, string? lastTool, int ordinal)
    {
        chain[0] = All;
        chain[1] = StableHash.Join(1, StableHash.Of(category));
        chain[2] = StableHash.Join(chain[1], StableHash.Of(Bucket(ordinal)));
        chain[3] = StableHash.Join(chain[2], StableHash.Of(lastTool ?? ""));
        return 4;
    }

    /// <summary>All tools · tool · tool and command word · these in that category. A human is no tool: humans · humans in that category.</summary>
    public static int Tool(Span<ulong> chain, string category, string? tool)
    {
        if (tool is null)
        {
            chain[0] = Humans;
            chain[1] = StableHash.Join(Humans, StableHash.Of(category));
            return 2;
        }
        int word = tool.IndexOf(ToolClass.Separator, StringComparison.Ordinal);
        chain[0] = All;
        chain[1] = StableHash.Join(2, StableHash.Of(word < 0 ? tool : tool[..word]));
        int length = 2;
        if (word >= 0)
            chain[length++] = StableHash.Join(3, StableHash.Of(tool));
        chain[length] = StableHash.Join(chain[length - 1], StableHash.Of(category));
        return length + 1;
    }

    /// <summary>All · category · category and a bucket of one quantity.</summary>
    public static int Side(Span<ulong> chain, string category, int bucket)
    {
        Category(chain, category);
        chain[2] = StableHash.Join(chain[1], StableHash.Of(bucket));
        return 3;
    }

    /// <summary>All · category · category and last tool · category and the last two tools.</summary>
    public static int Tools(Span<ulong> chain, string category, string? last, string? before)
    {
        Category(chain, category);
        chain[2] = StableHash.Join(chain[1], StableHash.Of(last ?? ""));
        chain[3] = StableHash.Join(chain[2], StableHash.Of(before ?? ""));
        return 4;
    }

    /// <summary>All · category.</summary>
    public static int Category(Span<ulong> chain, string category)
    {
        chain[0] = All;
        chain[1] = StableHash.Join(1, StableHash.Of(category));
        return 2;
    }

    /// <summary>The exponent of two below a quantity; one bucket for zero.</summary>
    public static int Octave(double quantity) => quantity > 0 ? Math.ILogB(quantity) : int.MinValue;

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
