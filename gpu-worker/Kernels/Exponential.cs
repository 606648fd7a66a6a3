using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>e^x for x ≤ 0, by range reduction to |r| ≤ ln 2 / 2 and a polynomial of degree 6.</summary>
/// <remarks>
/// Our own, because the C library's result differs between machines, and bits must not (ENGINE.md, Exactness): both twins use only operations that
/// IEEE 754 rounds the same everywhere. Relative error below 2e-7; e^0 is exactly 1; below −87.3 the result is exactly 0, so that a masked score
/// of −∞ adds nothing. NaN gives NaN. Reduction: Cody and Waite 1980, chapter 6; the coefficients are those of Taylor's series.
/// </remarks>
internal static class Exponential
{
    private const float Lowest = -87.3f;
    private const float Log2E = 1.44269504f;
    // ln 2 in two parts: the first has so few bits that its product with a small integer is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float C2 = 1f / 2, C3 = 1f / 6, C4 = 1f / 24, C5 = 1f / 120, C6 = 1f / 720, C7 = 1f / 5040;

    /// <summary>One number at a time.</summary>
    public static float Reference(float x)
    {
        if (x < Lowest)
            return 0;
        float n = MathF.Round(x * Log2E);
        float r = x - n * Ln2High - n * Ln2Low;
        float p = ((((C7 * r + C6) * r + C5) * r + C4) * r + C3) * r + C2;
        float mantissa = p * r * r + r + 1f;
        return mantissa * BitConverter.Int32BitsToSingle(((int)n + 127) << 23);
    }

    /// <summary>Eight numbers at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Simd(Vector256<float> x)
    {
        Vector256<float> n = Vector256.Round(x * Log2E);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2Low), r);
        Vector256<float> p = Vector256.Create(C7);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(C6));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(C5));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(C4));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(C3));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(C2));
        Vector256<float> mantissa = Vector256.FusedMultiplyAdd(p * r, r, r) + Vector256<float>.One;
        Vector256<float> scale = Vector256.ShiftLeft(Vector256.ConvertToInt32(n) + Vector256.Create(127), 23).AsSingle();
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(Lowest)), Vector256<float>.Zero, mantissa * scale);
    }
}
