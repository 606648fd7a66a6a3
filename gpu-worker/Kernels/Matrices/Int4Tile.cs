using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Register tiles of Q4A8: a few packed rows times one panel.</summary>
/// <remarks>Four rows of two registers of 16-bit sums: with six, the halves of the weights would have no registers left. The sums are, each of half the inputs of a group: they begin with what the weights' offset of 8 takes
/// away, so that they end within ±16,256; what overflows in between comes back, for such sums are taken modulo 2^16.</remarks>
internal static unsafe class Int4Tile
{
    /// <summary>Rows of the largest tile.</summary>
    public const int RowsMax = 4;

    /// <summary>Adds a tile to sums.</summary>
    /// <param name="rows">1 to <see cref="RowsMax"/>.</param>
    /// <param name="groups">Where things lie.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="input">Packed rows.</param>
    /// <param name="stride">Distance of packed rows (By).</param>
    /// <param name="sums">[rows, 16] f32.</param>
    public static void Run(int rows, in IntegerGroups groups, byte* panel, byte* input, nint stride, float* sums)
    {
        switch (rows)
        {
            case 1:
                Kernel<OneRow>(groups, panel, input, stride, sums);
                break;
            case 2:
                Kernel<TwoRows>(groups, panel, input, stride, sums);
                break;
            case 3:
                Kernel<ThreeRows>(groups, panel, input, stride, sums);
                break;
            default:
                Kernel<FourRows>(groups, panel, input, stride, sums);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Kernel<TRows>(in IntegerGroups groups, byte* panel, byte* x0, nint stride, float* sums) where TRows : struct, IRowCount
    {
        int count = groups.Count;
        nint scalesOffset = groups.ScalesOffset, startsOffset = scalesOffset + count * sizeof(float);
        byte* x1 = x0 + stride;
        byte* x2 = x1 + stride;
        byte* x3 = x2 + stride;
        for (int group = 0; group < count; group++)
        {
            nint start = startsOffset + group * sizeof(int);
            Vector256<short> s0l = Broadcast(x0 + start).AsInt16(), s0h = s0l;
            Vector256<short> s1l = default, s1h = default, s2l = default, s2h = default, s3l = default, s3h = default;
            if (TRows.Count > 1)
                s1l = s1h = Broadcast(x1 + start).AsInt16();
            if (TRows.Count > 2)
                s2l = s2h = Broadcast(x2 + start).AsInt16();
            if (TRows.Count > 3)
                s3l = s3h = Broadcast(x3 + start).AsInt16();
            byte* scales = panel;
            panel += Bf16Line.Bytes;
            nint end = groups.First(group) + groups.PaddedLength(group);
            for (nint k = groups.First(group); k < end; k += 8, panel += 4 * PackedMatrix.PanelRows)
            {
                Vector256<byte> low = Vector256.Load(panel) & Vector256.Create((byte)0xF), high = Vector256.Load(panel + 32) & Vector256.Create((byte)0xF);
                Add(x0 + k, low, high, ref s0l, ref s0h);
                if (TRows.Count > 1)
                    Add(x1 + k, low, high, ref s1l, ref s1h);
                if (TRows.Count > 2)
                    Add(x2 + k, low, high, ref s2l, ref s2h);
                if (TRows.Count > 3)
                    Add(x3 + k, low, high, ref s3l, ref s3h);
                low = UpperHalves(panel);
                high = UpperHalves(panel + 32);
                Add(x0 + k + 4, low, high, ref s0l, ref s0h);
                if (TRows.Count > 1)
                    Add(x1 + k + 4, low, high, ref s1l, ref s1h);
                if (TRows.Count > 2)
                    Add(x2 + k + 4, low, high, ref s2l, ref s2h);
                if (TRows.Count > 3)
                    Add(x3 + k + 4, low, high, ref s3l, ref s3h);
            }
            Bf16Line.Load(scales, out Vector256<float> scaleLow, out Vector256<float> scaleHigh);
            AddGroup(s0l, s0h, scaleLow, scaleHigh, (float*)(x0 + scalesOffset) + group, sums);
            if (TRows.Count > 1)
                AddGroup(s1l, s1h, scaleLow, scaleHigh, (float*)(x1 + scalesOffset) + group, sums + PackedMatrix.PanelRows);
            if (TRows.Count > 2)
                AddGroup(s2l, s2h, scaleLow, scaleHigh, (float*)(x2 + scalesOffset) + group, sums + 2 * PackedMatrix.PanelRows);
            if (TRows.Count > 3)
                AddGroup(s3l, s3h, scaleLow, scaleHigh, (float*)(x3 + scalesOffset) + group, sums + 3 * PackedMatrix.PanelRows);
        }
    }

    /// <summary>Weights of inputs 4 to 7 of eight and of eight outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> UpperHalves(byte* weights) => (Vector256.Load((ushort*)weights) >>> 4).AsByte() & Vector256.Create((byte)0xF);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Broadcast(byte* word) => Vector256.Create(*(int*)word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(byte* four, Vector256<byte> low, Vector256<byte> high, ref Vector256<short> sumLow, ref Vector256<short> sumHigh)
    {
        Vector256<sbyte> x = Broadcast(four).AsSByte();
        sumLow = IntegerDots.Add(sumLow, low, x);
        sumHigh = IntegerDots.Add(sumHigh, high, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(
        Vector256<short> low, Vector256<short> high, Vector256<float> scaleLow, Vector256<float> scaleHigh, float* scale, float* sums)
    {
        Vector256<float> x = Lanes.Broadcast(scale);
        Vector256.FusedMultiplyAdd(scaleLow, Whole(low) * x, Vector256.Load(sums)).Store(sums);
        Vector256.FusedMultiplyAdd(scaleHigh, Whole(high) * x, Vector256.Load(sums + 8)).Store(sums + 8);
    }

    /// <summary>The two halves of a group's sum, added up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Whole(Vector256<short> halves) =>
        Vector256.ConvertToSingle(IntegerDots.Add(Vector256<int>.Zero, halves, Vector256<short>.One));
}
