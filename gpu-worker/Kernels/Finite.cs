using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>Looks for NaN and infinities.</summary>
internal static class Finite
{
    /// <summary>Whether all numbers are finite.</summary>
    public static bool All(ReadOnlySpan<float> values)
    {
        int i = 0;
        // x − x is 0 for a finite x and NaN otherwise.
        for (; i + 8 <= values.Length; i += 8)
        {
            Vector256<float> x = Vector256.Create(values.Slice(i, 8));
            if (!Vector256.EqualsAll(x - x, Vector256<float>.Zero))
                return false;
        }
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                return false;
        }
        return true;
    }
}
