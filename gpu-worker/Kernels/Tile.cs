using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>Register tiles: c[r, j] (+)= Σ_k a[r, k] · b[k, j] for a few rows r and 16 columns j. The one inner loop of linear layers and of attention.</summary>
/// <remarks>
/// Every element is one chain of fused multiply-adds over k in order, from zero or from what c holds, whichever tile it falls into. Six rows of two
/// registers are 12 chains: enough to hide the latency of a multiply-add (4 cycles, 2 a cycle), few enough for 16 registers.
/// </remarks>
internal static unsafe class Tile
{
    /// <summary>Rows of the largest tile.</summary>
    public const int RowsMax = 6;

    /// <summary>Rows to take of those that are left: 6, 4, 2 or 1.</summary>
    public static int RowsOf(int rowsLeft) => rowsLeft switch
    {
        >= 9 or 6 or 7 => 6,
        8 or 4 or 5 => 4,
        >= 2 => 2,
        _ => 1,
    };

    /// <summary>Computes a tile.</summary>
    /// <param name="rows">As <see cref="RowsOf"/> says.</param>
    /// <param name="a">[rows, depth] f32, rows <paramref name="lda"/> floats apart.</param>
    /// <param name="lda">Distance of rows of a (floats).</param>
    /// <param name="b">[depth, 16] f32, rows <paramref name="ldb"/> floats apart.</param>
    /// <param name="ldb">Distance of rows of b (floats).</param>
    /// <param name="depth">Length of the sum.</param>
    /// <param name="c">[rows, 16] f32, rows <paramref name="ldc"/> floats apart.</param>
    /// <param name="ldc">Distance of rows of c (floats).</param>
    /// <param name="accumulate">Whether to go on from what c holds.</param>
    public static void Run(int rows, float* a, nint lda, float* b, nint ldb, int depth, float* c, nint ldc, bool accumulate)
    {
        switch (rows)
        {
            case 6:
                Six(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            case 4:
                Four(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            case 2:
                Two(a, lda, b, ldb, depth, c, ldc, accumulate);
                break;
            default:
                One(a, b, ldb, depth, c, accumulate);
                break;
        }
    }


    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six(float* a, nint lda, float* b, nint ldb, int depth, float* c, nint ldc, bool accumulate)
    {
        Vector256<float> c0l = default, c0h = default;
        Vector256<float> c1l = default, c1h = default;
        Vector256<float> c2l = default, c2h = default;
        Vector256<float> c3l = default, c3h = default;
        Vector256<float> c4l = default, c4h = default;
        Vector256<float> c5l = default, c5h = default;
        if (accumulate)
        {
            (c0l, c0h) = Load(c);
            (c1l, c1h) = Load(c + ldc);
            (c2l, c2h) = Load(c + 2 * ldc);
            (c3l, c3h) = Load(c + 3 * ldc);
            (c4l, c4h) = Load(c + 4 * ldc);
            (c5l, c5h) = Load(c + 5 * ldc);
        }
        float* a1 = a + lda;
        float* a2 = a1 + lda;
        float* a3 = a2 + lda;
        float* a4 = a3 + lda;
        float* a5 = a4 + lda;
        for (nint k = 0; k < depth; k++, b += ldb)
        {
            (Vector256<float> low, Vector256<float> high) = Load(b);
            Add(a[k], low, high, ref c0l, ref c0h);
            Add(a1[k], low, high, ref c1l, ref c1h);
            Add(a2[k], low, high, ref c2l, ref c2h);
            Add(a3[k], low, high, ref c3l, ref c3h);
            Add(a4[k], low, high, ref c4l, ref c4h);
            Add(a5[k], low, high, ref c5l, ref c5h);
        }
        Store(c0l, c0h, c);
        Store(c1l, c1h, c + ldc);
        Store(c2l, c2h, c + 2 * ldc);
        Store(c3l, c3h, c + 3 * ldc);
        Store(c4l, c4h, c + 4 * ldc);
        Store(c5l, c5h, c + 5 * ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(float* a, nint lda, float* b, nint ldb, int depth, float* c, nint ldc, bool accumulate)
    {
        Vector256<float> c0l = default, c0h = default;
        Vector256<float> c1l = default, c1h = default;
        Vector256<float> c2l = default, c2h = default;
        Vector256<float> c3l = default, c3h = default;
        if (accumulate)
        {
            (c0l, c0h) = Load(c);
            (c1l, c1h) = Load(c + ldc);
            (c2l, c2h) = Load(c + 2 * ldc);
            (c3l, c3h) = Load(c + 3 * ldc);
        }
        float* a1 = a + lda;
        float* a2 = a1 + lda;
        float* a3 = a2 + lda;
        for (nint k = 0; k < depth; k++, b += ldb)
        {
            (Vector256<float> low, Vector256<float> high) = Load(b);
            Add(a[k], low, high, ref c0l, ref c0h);
            Add(a1[k], low, high, ref c1l, ref c1h);
            Add(a2[k], low, high, ref c2l, ref c2h);
            Add(a3[k], low, high, ref c3l, ref c3h);
        }
        Store(c0l, c0h, c);
        Store(c1l, c1h, c + ldc);
        Store(c2l, c2h, c + 2 * ldc);
        Store(c3l, c3h, c + 3 * ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* a, nint lda, float* b, nint ldb, int depth, float* c, nint ldc, bool accumulate)
    {
        Vector256<float> c0l = default, c0h = default;
        Vector256<float> c1l = default, c1h = default;
        if (accumulate)
        {
            (c0l, c0h) = Load(c);
            (c1l, c1h) = Load(c + ldc);
        }
        float* a1 = a + lda;
        for (nint k = 0; k < depth; k++, b += ldb)
        {
            (Vector256<float> low, Vector256<float> high) = Load(b);
            Add(a[k], low, high, ref c0l, ref c0h);
            Add(a1[k], low, high, ref c1l, ref c1h);
        }
        Store(c0l, c0h, c);
        Store(c1l, c1h, c + ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* a, float* b, nint ldb, int depth, float* c, bool accumulate)
    {
        Vector256<float> low = default, high = default;
        if (accumulate)
            (low, high) = Load(c);
        for (nint k = 0; k < depth; k++, b += ldb)
        {
            (Vector256<float> bLow, Vector256<float> bHigh) = Load(b);
            Add(a[k], bLow, bHigh, ref low, ref high);
        }
        Store(low, high, c);
    }

    /// <summary>One row against four panels at once, c [64]: eight chains, because one panel's two would wait for each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* a, float* b0, float* b1, float* b2, float* b3, nint ldb, int depth, float* c, bool accumulate)
    {
        Vector256<float> c0l = default, c0h = default, c1l = default, c1h = default;
        Vector256<float> c2l = default, c2h = default, c3l = default, c3h = default;
        if (accumulate)
        {
            (c0l, c0h) = Load(c);
            (c1l, c1h) = Load(c + 16);
            (c2l, c2h) = Load(c + 32);
            (c3l, c3h) = Load(c + 48);
        }
        for (nint k = 0, i = 0; k < depth; k++, i += ldb)
        {
            Vector256<float> x = Vector256.Create(a[k]);
            c0l = Vector256.FusedMultiplyAdd(x, Vector256.Load(b0 + i), c0l);
            c0h = Vector256.FusedMultiplyAdd(x, Vector256.Load(b0 + i + 8), c0h);
            c1l = Vector256.FusedMultiplyAdd(x, Vector256.Load(b1 + i), c1l);
            c1h = Vector256.FusedMultiplyAdd(x, Vector256.Load(b1 + i + 8), c1h);
            c2l = Vector256.FusedMultiplyAdd(x, Vector256.Load(b2 + i), c2l);
            c2h = Vector256.FusedMultiplyAdd(x, Vector256.Load(b2 + i + 8), c2h);
            c3l = Vector256.FusedMultiplyAdd(x, Vector256.Load(b3 + i), c3l);
            c3h = Vector256.FusedMultiplyAdd(x, Vector256.Load(b3 + i + 8), c3h);
        }
        Store(c0l, c0h, c);
        Store(c1l, c1h, c + 16);
        Store(c2l, c2h, c + 32);
        Store(c3l, c3h, c + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Load(float* p) => (Vector256.Load(p), Vector256.Load(p + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> low, Vector256<float> high, float* p)
    {
        low.Store(p);
        high.Store(p + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float a, Vector256<float> bLow, Vector256<float> bHigh, ref Vector256<float> low, ref Vector256<float> high)
    {
        Vector256<float> x = Vector256.Create(a);
        low = Vector256.FusedMultiplyAdd(x, bLow, low);
        high = Vector256.FusedMultiplyAdd(x, bHigh, high);
    }
}
