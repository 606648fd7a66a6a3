using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels;

/// <summary>target += addend: residuals and biases. Both twins give the same bits.</summary>
internal static class VectorAdd
{
    /// <summary>Adds in place.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="target">[width] f32, changed.</param>
    /// <param name="addend">[width] f32.</param>
    public static void Run(InstructionSet set, Span<float> target, ReadOnlySpan<float> addend)
    {
        int i = 0;
        if (set != InstructionSet.Scalar)
        {
            for (; i + 8 <= target.Length; i += 8)
                (Vector256.Create<float>(target.Slice(i, 8)) + Vector256.Create(addend.Slice(i, 8))).CopyTo(target[i..]);
        }
        for (; i < target.Length; i++)
            target[i] += addend[i];
    }
}
