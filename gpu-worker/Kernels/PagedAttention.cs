using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Kernels;

/// <summary>Causal attention of new rows of one sequence over its paged KV, for one KV head and the query heads that share it.</summary>
/// <remarks>
/// KV is walked in splits of 256 tokens from position 0. Inside a split: scores, their maximum, exponentials, their sum, the weighted values, each in
/// token order; a split goes on from the one before it under a running maximum (Milakov and Gimelshein 2018, alg. 3; paging: Kwon et al. 2023, §4.1). A row sees
/// the tokens up to its own position and nothing else, so its result depends on that position and on their KV alone: prefill equals decode, bitwise.
/// </remarks>
internal static unsafe partial class PagedAttention
{
    /// <summary>Tokens in a split (tokens).</summary>
    public const int SplitTokens = 256;

    /// <summary>Pairs of a row and a query head handled at once: as many as one thread's scratch holds.</summary>
    public const int PairsMax = 24;

    private const int BlockTokens = Memory.PagedKv.TokensPerBlock;

    /// <summary>Rows of a sequence handled at once when <paramref name="group"/> query heads share a KV head, at least 1.</summary>
    public static int RowsPerChunk(int group) => Math.Max(1, PairsMax / group);

    /// <summary>Floats of scratch one thread needs.</summary>
    public static long ScratchFloats(int headDim, int group)
    {
        long pairs = Math.Max(PairsMax, group);
        return pairs * (2 * Memory.PagedKv.PaddedHeadDim(headDim) + SplitTokens + 2);
    }

    /// <summary>Computes rows.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="rows">The rows and where their KV lies.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> floats, 64-byte aligned.</param>
    public static void Run(InstructionSet set, in AttentionRows rows, float* scratch)
    {
        if (rows.Kv.Format == KvFormat.F32)
            Run<F32Line>(set, rows, scratch);
        else
            Run<Bf16Line>(set, rows, scratch);
    }

    private static void Run<TLine>(InstructionSet set, in AttentionRows rows, float* scratch) where TLine : struct, ILine
    {
        if (set == InstructionSet.Scalar)
            Reference<TLine>(rows, scratch);
        else
            Simd<TLine>(rows, scratch);
    }

    private static void Reference<TLine>(in AttentionRows rows, float* scratch) where TLine : struct, ILine
    {
        int headDim = rows.Kv.HeadDim;
        for (int row = 0; row < rows.Count; row++)
        {
            for (int head = 0; head < rows.Group; head++)
            {
                float* query = rows.Query + row * rows.QueryStride + head * headDim;
                var output = new Span<float>(rows.Output + row * rows.OutputStride + head * headDim, headDim);
                output.Clear();
                int length = rows.Position + row + 1;
                float maximum = float.NegativeInfinity, total = 0;
                for (int start = 0; start < length; start += SplitTokens)
                    AddSplit<TLine>(rows, query, start, new Span<float>(scratch, Math.Min(SplitTokens, length - start)), output, ref maximum, ref total);
                for (int i = 0; i < headDim; i++)
                    output[i] /= total;
            }
        }
    }

    private static void AddSplit<TLine>(
        in AttentionRows rows, float* query, int start, Span<float> scores, Span<float> sums, ref float maximum, ref float total) where TLine : struct, ILine
    {
        float largest = maximum;
        for (int t = 0; t < scores.Length; t++)
        {
            byte* keys = rows.Kv.Keys<TLine>(rows.Blocks[(start + t) / BlockTokens]);
            float score = 0;
            for (int i = 0; i < sums.Length; i++)
                score += query[i] * rows.Scale * TLine.Get(keys + i * TLine.Bytes, (start + t) % BlockTokens);
            scores[t] = score;
            largest = MathF.Max(largest, score);
        }
        // What was summed before, brought to the scale of the new maximum. At first it is nothing: e^-inf = 0.
        float keep = Exponential.Reference(maximum - largest);
        maximum = largest;
        total *= keep;
        for (int i = 0; i < sums.Length; i++)
            sums[i] *= keep;
        for (int t = 0; t < scores.Length; t++)
        {
            byte* values = rows.Kv.Values<TLine>(rows.Blocks[(start + t) / BlockTokens])
                + (start + t) % BlockTokens * (rows.Kv.HeadDimPadded / BlockTokens) * TLine.Bytes;
            float weight = Exponential.Reference(scores[t] - maximum);
            total += weight;
            for (int i = 0; i < sums.Length; i++)
                sums[i] += weight * TLine.Get(values + i / BlockTokens * TLine.Bytes, i % BlockTokens);
        }
    }
}

/// <summary>Rows of one sequence, for one KV head and its query heads.</summary>
internal readonly unsafe struct AttentionRows
{
    /// <summary>Keys and values of the layer and KV head.</summary>
    public required Memory.KvHeadView Kv { get; init; }

    /// <summary>Block ids in sequence order; enough for the last row.</summary>
    public required int* Blocks { get; init; }

    /// <summary>Position of the first row.</summary>
    public required int Position { get; init; }

    /// <summary>Rows, 1 to <see cref="PagedAttention.RowsPerChunk"/>.</summary>
    public required int Count { get; init; }

    /// <summary>[count, group, headDim] f32, rows <see cref="QueryStride"/> apart.</summary>
    public required float* Query { get; init; }

    /// <summary>Distance of query rows (floats).</summary>
    public required nint QueryStride { get; init; }

    /// <summary>[count, group, headDim] f32, rows <see cref="OutputStride"/> apart; overwritten.</summary>
    public required float* Output { get; init; }

    /// <summary>Distance of output rows (floats).</summary>
    public required nint OutputStride { get; init; }

    /// <summary>Query heads that share the KV head.</summary>
    public required int Group { get; init; }

    /// <summary>Factor of the scores: 1/√headDim.</summary>
    public required float Scale { get; init; }
}
