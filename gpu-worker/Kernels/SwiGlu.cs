using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>Gated activation: output = silu(gate) · up, silu(x) = x / (1 + e^−x).</summary>
/// <remarks>Shazeer 2020, eq. 6. The exponent is taken of −|x|, so nothing overflows.</remarks>
internal static class SwiGlu
{
    /// <summary>Gates one row.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="gate">[width] f32.</param>
    /// <param name="up">[width] f32.</param>
    /// <param name="output">[width] f32, overwritten; may be <paramref name="gate"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(InstructionSet set, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output)
    {
        int i = 0;
        if (set != InstructionSet.Scalar)
        {
            for (; i + 8 <= output.Length; i += 8)
                (Silu(Vector256.Create(gate.Slice(i, 8))) * Vector256.Create(up.Slice(i, 8))).CopyTo(output[i..]);
        }
        for (; i < output.Length; i++)
            output[i] = Silu(gate[i]) * up[i];
    }

    private static float Silu(float x)
    {
        float e = Exponential.Reference(-MathF.Abs(x));
        return x * ((x >= 0 ? 1f : e) / (1f + e));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Silu(Vector256<float> x)
    {
        Vector256<float> e = Exponential.Simd(-Vector256.Abs(x));
        Vector256<float> top = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(x, Vector256<float>.Zero), Vector256<float>.One, e);
        return x * (top / (Vector256<float>.One + e));
    }
}
