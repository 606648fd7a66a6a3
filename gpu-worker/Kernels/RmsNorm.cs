using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>Root-mean-square normalisation: output = input / sqrt(mean(input²) + epsilon) · weight.</summary>
/// <remarks>Zhang and Sennrich 2019, eq. 4. The order of the sum depends on the width alone.</remarks>
internal static class RmsNorm
{
    /// <summary>Normalises one row.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="input">[width] f32.</param>
    /// <param name="weight">[width] f32.</param>
    /// <param name="epsilon">Keeps a zero row finite.</param>
    /// <param name="output">[width] f32, overwritten; may be <paramref name="input"/>.</param>
    public static void Run(InstructionSet set, ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        if (set == InstructionSet.Scalar)
            Reference(input, weight, epsilon, output);
        else
            Simd(input, weight, epsilon, output);
    }

    private static void Reference(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        float squares = 0;
        for (int i = 0; i < input.Length; i++)
            squares += input[i] * input[i];
        float scale = 1f / MathF.Sqrt(squares / input.Length + epsilon);
        for (int i = 0; i < input.Length; i++)
            output[i] = input[i] * scale * weight[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Simd(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        int width = input.Length, full = width & ~7;
        Vector256<float> lanes = Vector256<float>.Zero;
        for (int i = 0; i < full; i += 8)
        {
            Vector256<float> x = Vector256.Create(input.Slice(i, 8));
            lanes = Vector256.FusedMultiplyAdd(x, x, lanes);
        }
        float squares = Lanes.Sum(lanes);
        for (int i = full; i < width; i++)
            squares += input[i] * input[i];

        float scale = 1f / MathF.Sqrt(squares / width + epsilon);
        for (int i = 0; i < full; i += 8)
            (Vector256.Create(input.Slice(i, 8)) * scale * Vector256.Create(weight.Slice(i, 8))).CopyTo(output[i..]);
        for (int i = full; i < width; i++)
            output[i] = input[i] * scale * weight[i];
    }
}
