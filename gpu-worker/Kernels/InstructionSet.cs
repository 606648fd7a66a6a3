using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Astraea.Worker.Kernels;

/// <summary>Which twin of the kernels runs. Each is a numerics class of its own.</summary>
public enum InstructionSet
{
    /// <summary>One number at a time, multiply then add: the oracle, right on any machine.</summary>
    Scalar,

    /// <summary>Eight numbers at a time with fused multiply-add: AVX2 with FMA, or two NEON registers.</summary>
    Vector256,
}

/// <summary>What this machine can run.</summary>
public static class InstructionSets
{
    /// <summary>The fastest this machine can run.</summary>
    public static InstructionSet Best => IsSupported(InstructionSet.Vector256) ? InstructionSet.Vector256 : InstructionSet.Scalar;

    /// <summary>Whether this machine runs a set in hardware.</summary>
    public static bool IsSupported(InstructionSet set) => set switch
    {
        InstructionSet.Scalar => true,
        InstructionSet.Vector256 => (Avx2.IsSupported && Fma.IsSupported) || AdvSimd.Arm64.IsSupported,
        _ => false,
    };

    /// <summary>Name in a numerics class: <c>scalar</c>, <c>avx2</c> or <c>neon</c>.</summary>
    public static string Name(InstructionSet set) => set switch
    {
        InstructionSet.Scalar => "scalar",
        InstructionSet.Vector256 => AdvSimd.Arm64.IsSupported ? "neon" : "avx2",
        _ => throw new ArgumentOutOfRangeException(nameof(set), set, "Not an instruction set of these kernels."),
    };
}
