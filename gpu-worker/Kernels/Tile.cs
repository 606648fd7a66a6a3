using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Worker.Kernels;

/// <summary>Register tiles: c[r, j] (+)= Σ_k a[r, k] · b[k, j] for a few rows r and 16 columns j. The one inner loop of linear layers and of attention.</summary>
/// <remarks>
/// Every element is one chain of fused multiply-adds over k in order, from zero or from what c holds, whichever tile it falls into. Six rows of two
/// registers are 12 chains: enough to hide the latency of a multiply-add (4 cycles, 2 a cycle), few enough for 16 registers.
/// </remarks>
/// <typeparam name="TLine">Number format of b; widening it is exact.</typeparam>
internal static unsafe class Tile<TLine> where TLine : struct, ILine
{
    /// <summary>Computes a tile.</summary>
    /// <param name="rows">1 to <see cref="RowCounts.Max"/>.</param>
    /// <param name="a">[rows, depth] f32, rows <paramref name="lda"/> floats apart.</param>
    /// <param name="lda">Distance of rows of a (floats).</param>
    /// <param name="b">[depth] lines, <paramref name="ldb"/> bytes apart.</param>
    /// <param name="ldb">Distance of lines of b (By).</param>
    /// <param name="depth">Length of the sum.</param>
    /// <param name="c">[rows, 16] f32, rows <paramref name="ldc"/> floats apart.</param>
    /// <param name="ldc">Distance of rows of c (floats).</param>
    /// <param name="accumulate">Whether to go on from what c holds.</param>
    public static void Run(int rows, float* a, nint lda, byte* b, nint ldb, int depth, float* c, nint ldc, bool accumulate)
    {
        switch (rows)
        {
            case 1:
                Kernel<OneRow>(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            case 2:
                Kernel<TwoRows>(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            case 3:
                Kernel<ThreeRows>(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            case 4:
                Kernel<FourRows>(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            case 5:
                Kernel<FiveRows>(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            default:
                Kernel<SixRows>(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Kernel<TRows>(float* a, nint lda, byte* b, nint ldb, int depth, float* c, nint ldc, bool accumulate) where TRows : struct, IRowCount
    {
        Vector256<float> c0l = default, c0h = default, c1l = default, c1h = default, c2l = default, c2h = default;
        Vector256<float> c3l = default, c3h = default, c4l = default, c4h = default, c5l = default, c5h = default;
        if (accumulate)
        {
            Load(c, out c0l, out c0h);
            if (TRows.Count > 1)
                Load(c + ldc, out c1l, out c1h);
            if (TRows.Count > 2)
                Load(c + 2 * ldc, out c2l, out c2h);
            if (TRows.Count > 3)
                Load(c + 3 * ldc, out c3l, out c3h);
            if (TRows.Count > 4)
                Load(c + 4 * ldc, out c4l, out c4h);
            if (TRows.Count > 5)
                Load(c + 5 * ldc, out c5l, out c5h);
        }
        float* a1 = a + lda;
        float* a2 = a1 + lda;
        float* a3 = a2 + lda;
        float* a4 = a3 + lda;
        float* a5 = a4 + lda;
        for (nint k = 0; k < depth; k++, b += ldb)
        {
            TLine.Load(b, out Vector256<float> low, out Vector256<float> high);
            Add(a + k, low, high, ref c0l, ref c0h);
            if (TRows.Count > 1)
                Add(a1 + k, low, high, ref c1l, ref c1h);
            if (TRows.Count > 2)
                Add(a2 + k, low, high, ref c2l, ref c2h);
            if (TRows.Count > 3)
                Add(a3 + k, low, high, ref c3l, ref c3h);
            if (TRows.Count > 4)
                Add(a4 + k, low, high, ref c4l, ref c4h);
            if (TRows.Count > 5)
                Add(a5 + k, low, high, ref c5l, ref c5h);
        }
        Store(c0l, c0h, c);
        if (TRows.Count > 1)
            Store(c1l, c1h, c + ldc);
        if (TRows.Count > 2)
            Store(c2l, c2h, c + 2 * ldc);
        if (TRows.Count > 3)
            Store(c3l, c3h, c + 3 * ldc);
        if (TRows.Count > 4)
            Store(c4l, c4h, c + 4 * ldc);
        if (TRows.Count > 5)
            Store(c5l, c5h, c + 5 * ldc);
    }

    /// <summary>One row against four rows of lines at once, c [64]: eight chains, because one's two would wait for each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneByFour(float* a, byte* b0, byte* b1, byte* b2, byte* b3, nint ldb, int depth, float* c, bool accumulate)
    {
        Vector256<float> c0l = default, c0h = default, c1l = default, c1h = default;
        Vector256<float> c2l = default, c2h = default, c3l = default, c3h = default;
        if (accumulate)
        {
            Load(c, out c0l, out c0h);
            Load(c + 16, out c1l, out c1h);
            Load(c + 32, out c2l, out c2h);
            Load(c + 48, out c3l, out c3h);
        }
        for (nint k = 0, i = 0; k < depth; k++, i += ldb)
        {
            float* x = a + k;
            TLine.Load(b0 + i, out Vector256<float> low, out Vector256<float> high);
            Add(x, low, high, ref c0l, ref c0h);
            TLine.Load(b1 + i, out low, out high);
            Add(x, low, high, ref c1l, ref c1h);
            TLine.Load(b2 + i, out low, out high);
            Add(x, low, high, ref c2l, ref c2h);
            TLine.Load(b3 + i, out low, out high);
            Add(x, low, high, ref c3l, ref c3h);
        }
        Store(c0l, c0h, c);
        Store(c1l, c1h, c + 16);
        Store(c2l, c2h, c + 32);
        Store(c3l, c3h, c + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* p, out Vector256<float> low, out Vector256<float> high)
    {
        low = Vector256.Load(p);
        high = Vector256.Load(p + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> low, Vector256<float> high, float* p)
    {
        low.Store(p);
        high.Store(p + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* a, Vector256<float> bLow, Vector256<float> bHigh, ref Vector256<float> low, ref Vector256<float> high)
    {
        Vector256<float> x = Lanes.Broadcast(a);
        low = Vector256.FusedMultiplyAdd(x, bLow, low);
        high = Vector256.FusedMultiplyAdd(x, bHigh, high);
    }
}
