using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Products of neighbouring integers, added up: the one place where the instruction for it is chosen. Exact, so every way gives the same bits.</summary>
internal static class IntegerDots
{
    /// <summary>sums[i] + a[2i] · b[2i] + a[2i + 1] · b[2i + 1].</summary>
    /// <remarks>The fused instruction (AVX-VNNI) has not run yet: no machine so far had it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<short> a, Vector256<short> b)
    {
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sums, a, b);
        if (Avx2.IsSupported)
            return sums + Avx2.MultiplyAddAdjacent(a, b);
        Vector256<int> first = (a.AsInt32() << 16 >> 16) * (b.AsInt32() << 16 >> 16);
        return sums + first + (a.AsInt32() >> 16) * (b.AsInt32() >> 16);
    }

    /// <summary>sums[i] + a[2i] · b[2i] + a[2i + 1] · b[2i + 1], modulo 2^16; a ≤ 64 or |b| ≤ 64, or one instruction saturates and another does not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Add(Vector256<short> sums, Vector256<byte> a, Vector256<sbyte> b)
    {
        if (Avx2.IsSupported)
            return sums + Avx2.MultiplyAddAdjacent(a, b);
        Vector256<short> first = (a.AsInt16() & Vector256.Create((short)0xFF)) * (b.AsInt16() << 8 >> 8);
        return sums + first + (a.AsInt16() >>> 8) * (b.AsInt16() >> 8);
    }
}
