using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Astraea.Core.Scheduling;

/// <summary>What ready segments are ranked by at one moment on one worker, made from their columns a few hundred rows at a time.</summary>
/// <remarks>Each figure comes out of the same operations in the same order as <see cref="Estimates.Inputs"/> makes it, so both rank alike, bit for bit.</remarks>
internal sealed class RowFigures
{
    /// <summary>Rows at a time: all figures of so many stay in the nearest cache. A multiple of four.</summary>
    public const int RowsMax = 512;

    private const int Lanes = 4;
    private readonly double[] _waited = new double[RowsMax];
    private readonly double[] _segment = new double[RowsMax];
    private readonly double[] _remaining = new double[RowsMax];

    public int[] Levels { get; } = new int[RowsMax];

    public int[] Bands { get; } = new int[RowsMax];

    public double[] Scores { get; } = new double[RowsMax];

    /// <summary>The moment that breaks ties (ticks).</summary>
    public long[] Arrivals { get; } = new long[RowsMax];

    /// <summary>Makes W, T and R of some rows; <see cref="Levels"/> are the caller's.</summary>
    /// <param name="rows">Where they stand.</param>
    /// <param name="from">First of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="costs">Costs of the worker that asks.</param>
    /// <param name="atHome">Whether their KV is on it.</param>
    /// <param name="now">The moment.</param>
    public void Make(ReadyRows rows, int from, int count, CostProfile costs, bool atHome, Instant now)
    {
        Vector256<long> ticks = Vector256.Create(now.Ticks);
        Vector256<double> second = Vector256.Create((double)TimeSpan.TicksPerSecond);
        Vector256<double> prefill = Vector256.Create(costs.PrefillSecondsPerToken);
        Vector256<double> swap = Vector256.Create(costs.SwapSecondsPerToken);
        Vector256<double> decode = Vector256.Create(costs.DecodeSecondsPerToken);
        ref long since = ref At(rows.Since, from);
        ref long origin = ref At(rows.WaitOrigin, from);
        ref double computed = ref At(atHome ? rows.HomeComputed : rows.Context, from);
        ref double copied = ref At(rows.HomeCopied, from);
        ref double output = ref At(rows.Output, from);
        ref double rest = ref At(rows.Rest, from);
        ref double waitedOut = ref At(_waited, 0);
        ref double segmentOut = ref At(_segment, 0);
        ref double remainingOut = ref At(_remaining, 0);
        for (int i = 0; i < count; i += Lanes)
        {
            nuint at = (nuint)i;
            Vector256<long> wait = Vector256.Max(ticks, Vector256.LoadUnsafe(ref since, at)) - Vector256.LoadUnsafe(ref origin, at);
            (Vector256.ConvertToDouble(wait) / second).StoreUnsafe(ref waitedOut, at);
            Vector256<double> segment = Vector256.LoadUnsafe(ref computed, at) * prefill;
            if (atHome)
                segment += Vector256.LoadUnsafe(ref copied, at) * swap;
            segment += Vector256.LoadUnsafe(ref output, at) * decode;
            segment.StoreUnsafe(ref segmentOut, at);
            (segment + Vector256.LoadUnsafe(ref rest, at)).StoreUnsafe(ref remainingOut, at);
        }
    }

    /// <summary>Lets the policy score the rows made last.</summary>
    public void Score(IColumnScoring policy, ReadyRows rows, int from, int count, int poolBlocks)
    {
        int padded = (count + Lanes - 1) / Lanes * Lanes;
        var columns = new RankColumns(
            Levels.AsSpan(0, padded), _waited.AsSpan(0, padded), _segment.AsSpan(0, padded), _remaining.AsSpan(0, padded), rows.Blocks.AsSpan(from, padded));
        policy.Score(columns, poolBlocks, Bands.AsSpan(0, padded), Scores.AsSpan(0, padded));
    }

    /// <summary>Whether any of some rows has a moment before now; and the earliest of those that have not.</summary>
    public static bool AnyBefore(long[] moments, int from, int count, Instant now, ref long earliestAfter)
    {
        Vector256<long> ticks = Vector256.Create(now.Ticks);
        Vector256<long> earliest = Vector256.Create(earliestAfter);
        Vector256<long> any = Vector256<long>.Zero;
        ref long moment = ref At(moments, from);
        int whole = count / Lanes * Lanes;
        for (int i = 0; i < whole; i += Lanes)
        {
            Vector256<long> at = Vector256.LoadUnsafe(ref moment, (nuint)i);
            Vector256<long> before = Vector256.LessThan(at, ticks);
            any |= before;
            earliest = Vector256.Min(earliest, at | before & Vector256.Create(long.MaxValue));
        }
        bool found = any != Vector256<long>.Zero;
        for (int lane = 0; lane < Lanes; lane++)
        {
            if (earliest[lane] >= now.Ticks)
                earliestAfter = Math.Min(earliestAfter, earliest[lane]);
        }
        for (int i = whole; i < count; i++)
        {
            long at = moments[from + i];
            if (at < now.Ticks)
                found = true;
            else
                earliestAfter = Math.Min(earliestAfter, at);
        }
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref T At<T>(T[] column, int index) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(column), index);
}
