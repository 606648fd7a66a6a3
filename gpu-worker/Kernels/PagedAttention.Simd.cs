using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Worker.Kernels;

/// <content>The vector twin. Pairs of row and query head share every load of keys and values; each pair keeps its own chain.</content>
internal static unsafe partial class PagedAttention
{
    /// <summary>One thread's scratch, cut up.</summary>
    /// <param name="stride">Width of a head, padded to 16 (floats).</param>
    /// <param name="queries">[pairs, stride] scaled queries.</param>
    /// <param name="sums">[pairs, stride] weighted values so far.</param>
    /// <param name="scores">[pairs, 256] scores of a split, then weights.</param>
    /// <param name="maxima">[pairs] largest score so far.</param>
    /// <param name="totals">[pairs] weights so far.</param>
    private readonly struct Scratch(nint stride, float* queries, float* sums, float* scores, float* maxima, float* totals)
    {
        public readonly nint Stride = stride;
        public readonly float* Queries = queries, Sums = sums, Scores = scores, Maxima = maxima, Totals = totals;

        public static Scratch Cut(float* memory, nint stride, nint pairs)
        {
            float* sums = memory + pairs * stride;
            float* scores = sums + pairs * stride;
            float* maxima = scores + pairs * SplitTokens;
            return new Scratch(stride, memory, sums, scores, maxima, maxima + pairs);
        }

        public float* PairScores(int pair) => Scores + pair * SplitTokens;
    }

    private static void Simd<TLine>(in AttentionRows rows, float* memory) where TLine : struct, ILine
    {
        int pairs = rows.Count * rows.Group;
        Scratch scratch = Scratch.Cut(memory, rows.Kv.HeadDimPadded, Math.Max(PairsMax, rows.Group));
        GatherQueries(rows, scratch, pairs);
        int longest = rows.Position + rows.Count;
        for (int start = 0; start < longest; start += SplitTokens)
        {
            // Rows are in order of position: the pairs that see nothing of this split are the first ones.
            int first = Math.Max(0, start - rows.Position) * rows.Group;
            ComputeScores<TLine>(rows, scratch, first, pairs, start, Math.Min(SplitTokens, longest - start));
            for (int pair = first; pair < pairs; pair++)
                Weigh(scratch, pair, TokensSeen(rows, pair, start));
            AddValues<TLine>(rows, scratch, first, pairs, start, Math.Min(SplitTokens, longest - start));
        }
        WriteOutput(rows, scratch, pairs);
    }

    /// <summary>Tokens of a split that a pair sees: up to the position of its row.</summary>
    private static int TokensSeen(in AttentionRows rows, int pair, int start) =>
        Math.Min(SplitTokens, rows.Position + pair / rows.Group + 1 - start);

    private static void GatherQueries(in AttentionRows rows, in Scratch scratch, int pairs)
    {
        int headDim = rows.Kv.HeadDim;
        for (int pair = 0; pair < pairs; pair++)
        {
            float* query = rows.Query + pair / rows.Group * rows.QueryStride + pair % rows.Group * headDim;
            float* scaled = scratch.Queries + pair * scratch.Stride;
            for (int i = 0; i < headDim; i++)
                scaled[i] = query[i] * rows.Scale;
            scratch.Maxima[pair] = float.NegativeInfinity;
            scratch.Totals[pair] = 0;
        }
        new Span<float>(scratch.Sums, checked((int)(pairs * scratch.Stride))).Clear();
    }

    /// <summary>Scores of whole blocks. What lies behind a pair's last token is computed too, lane by lane, and never looked at.</summary>
    private static void ComputeScores<TLine>(in AttentionRows rows, in Scratch scratch, int first, int pairs, int start, int tokens) where TLine : struct, ILine
    {
        KvHeadKeys<TLine> keys = new(rows, start);
        int blocks = (tokens + BlockTokens - 1) / BlockTokens, block = 0;
        if (pairs - first == 1)
        {
            for (; block + 4 <= blocks; block += 4)
                Tile<TLine>.OneByFour(scratch.Queries + first * scratch.Stride, keys[block], keys[block + 1], keys[block + 2], keys[block + 3],
                    TLine.Bytes, rows.Kv.HeadDim, scratch.PairScores(first) + block * BlockTokens, accumulate: false);
        }
        for (; block < blocks; block++)
        {
            for (int pair = first; pair < pairs;)
            {
                int count = RowCounts.Take(pairs - pair);
                Tile<TLine>.Run(count, scratch.Queries + pair * scratch.Stride, scratch.Stride, keys[block], TLine.Bytes,
                    rows.Kv.HeadDim, scratch.PairScores(pair) + block * BlockTokens, SplitTokens, accumulate: false);
                pair += count;
            }
        }
    }

    /// <summary>Turns a pair's scores into weights, relative to the largest score so far, and brings what was summed before to the same scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in Scratch scratch, int pair, int tokens)
    {
        float* scores = scratch.PairScores(pair);
        int padded = (tokens + 7) & ~7;
        for (int t = tokens; t < padded; t++)
            scores[t] = float.NegativeInfinity;

        Vector256<float> largest = Vector256.Load(scores);
        for (int t = 8; t < padded; t += 8)
            largest = Vector256.MaxNative(largest, Vector256.Load(scores + t));
        float maximum = MathF.Max(scratch.Maxima[pair], Lanes.Max(largest));
        float keep = Exponential.Reference(scratch.Maxima[pair] - maximum);
        scratch.Maxima[pair] = maximum;

        Vector256<float> sum = Vector256<float>.Zero;
        for (int t = 0; t < padded; t += 8)
        {
            Vector256<float> weight = Exponential.Simd(Vector256.Load(scores + t) - Vector256.Create(maximum));
            weight.Store(scores + t);
            sum += weight;
        }
        scratch.Totals[pair] = scratch.Totals[pair] * keep + Lanes.Sum(sum);
        float* sums = scratch.Sums + pair * scratch.Stride;
        for (nint i = 0; i < scratch.Stride; i += 8)
            (Vector256.Load(sums + i) * keep).Store(sums + i);
    }

    private static void AddValues<TLine>(in AttentionRows rows, in Scratch scratch, int first, int pairs, int start, int tokens) where TLine : struct, ILine
    {
        for (int offset = 0; offset < tokens; offset += BlockTokens)
        {
            byte* values = rows.Kv.Values<TLine>(rows.Blocks[(start + offset) / BlockTokens]);
            for (int pair = first; pair < pairs;)
            {
                int count = RowCounts.Take(pairs - pair);
                // A block that the tile's first pair sees whole, all its pairs do. Else one by one, each to its own last token: what lies
                // behind it may belong to nobody, and zero times NaN is not zero.
                if (TokensSeen(rows, pair, start) >= offset + BlockTokens)
                    AddBlock<TLine>(scratch, pair, count, values, offset, BlockTokens);
                else
                {
                    for (int one = pair; one < pair + count; one++)
                        AddBlock<TLine>(scratch, one, 1, values, offset, Math.Min(BlockTokens, TokensSeen(rows, one, start) - offset));
                }
                pair += count;
            }
        }
    }

    private static void AddBlock<TLine>(in Scratch scratch, int pair, int count, byte* values, int offset, int depth) where TLine : struct, ILine
    {
        nint row = scratch.Stride / BlockTokens * TLine.Bytes;
        float* weights = scratch.PairScores(pair) + offset;
        float* sums = scratch.Sums + pair * scratch.Stride;
        nint column = 0;
        if (count == 1)
        {
            for (; column + 64 <= scratch.Stride; column += 64, values += 4 * TLine.Bytes)
            {
                byte* next = values + 2 * TLine.Bytes;
                Tile<TLine>.OneByFour(weights, values, values + TLine.Bytes, next, next + TLine.Bytes, row, depth, sums + column, accumulate: true);
            }
        }
        for (; column < scratch.Stride; column += BlockTokens, values += TLine.Bytes)
            Tile<TLine>.Run(count, weights, SplitTokens, values, row, depth, sums + column, scratch.Stride, accumulate: true);
    }

    private static void WriteOutput(in AttentionRows rows, in Scratch scratch, int pairs)
    {
        int headDim = rows.Kv.HeadDim;
        for (int pair = 0; pair < pairs; pair++)
        {
            float* output = rows.Output + pair / rows.Group * rows.OutputStride + pair % rows.Group * headDim;
            float* sums = scratch.Sums + pair * scratch.Stride;
            for (int i = 0; i < headDim; i++)
                output[i] = sums[i] / scratch.Totals[pair];
        }
    }

    /// <summary>The keys of a split, block by block.</summary>
    private readonly struct KvHeadKeys<TLine>(in AttentionRows rows, int start) where TLine : struct, ILine
    {
        private readonly Memory.KvHeadView _kv = rows.Kv;
        private readonly int* _blocks = rows.Blocks + start / BlockTokens;

        public byte* this[int block] => _kv.Keys<TLine>(_blocks[block]);
    }
}
