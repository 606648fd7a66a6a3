using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>A line: 16 numbers side by side in memory, the width of a panel and of a KV block, in some number format.</summary>
internal unsafe interface ILine
{
    /// <summary>Size of a line (By).</summary>
    static abstract int Bytes { get; }

    /// <summary>Loads a line as f32: numbers 0 to 7 and 8 to 15.</summary>
    static abstract void Load(byte* line, out Vector256<float> low, out Vector256<float> high);

    /// <summary>Reads one number.</summary>
    static abstract float Get(byte* line, int index);

    /// <summary>Writes one number, rounded to the format.</summary>
    static abstract void Set(byte* line, int index, float value);
}

/// <summary>IEEE singles in order.</summary>
internal readonly unsafe struct F32Line : ILine
{
    public static int Bytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* line, out Vector256<float> low, out Vector256<float> high)
    {
        low = Vector256.Load((float*)line);
        high = Vector256.Load((float*)line + 8);
    }

    public static float Get(byte* line, int index) => ((float*)line)[index];

    public static void Set(byte* line, int index, float value) => ((float*)line)[index] = value;
}

/// <summary>Upper halves of singles, rounded to nearest, ties to even. Numbers i and i + 8 share a word, so that one shift and one mask widen all 16.</summary>
internal readonly unsafe struct Bf16Line : ILine
{
    public static int Bytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* line, out Vector256<float> low, out Vector256<float> high)
    {
        Vector256<uint> pairs = Vector256.Load((uint*)line);
        low = (pairs << 16).AsSingle();
        high = (pairs & Vector256.Create(0xFFFF0000)).AsSingle();
    }

    public static float Get(byte* line, int index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)line)[Place(index)] << 16);

    public static void Set(byte* line, int index, float value) => ((ushort*)line)[Place(index)] = Bf16.Round(value);

    private static int Place(int index) => index % 8 * 2 + index / 8;
}

/// <summary>The number format bf16.</summary>
internal static class Bf16
{
    /// <summary>The nearest bf16, ties to even. NaN stays NaN; what is nearer to infinity than to the largest number becomes infinite.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The single it stands for.</summary>
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
