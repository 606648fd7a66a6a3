using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>Folds the lanes of a register in a written-down order: the library leaves the order of its own sum open.</summary>
internal static class Lanes
{
    /// <summary>((0+4)+(2+6)) + ((1+5)+(3+7)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> v)
    {
        Vector128<float> four = v.GetLower() + v.GetUpper();
        return four.GetElement(0) + four.GetElement(2) + (four.GetElement(1) + four.GetElement(3));
    }

    /// <summary>The largest lane. No lane may be NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector256<float> v)
    {
        Vector128<float> four = Vector128.Max(v.GetLower(), v.GetUpper());
        return MathF.Max(MathF.Max(four.GetElement(0), four.GetElement(2)), MathF.Max(four.GetElement(1), four.GetElement(3)));
    }
}
