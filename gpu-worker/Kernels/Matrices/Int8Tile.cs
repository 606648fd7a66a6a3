using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Register tiles of W8A8: a few packed rows times one panel.</summary>
/// <remarks>Six rows of two registers of 32-bit sums; the widened weights serve all rows. The order of the f32 sums is that of the groups.</remarks>
internal static unsafe class Int8Tile
{
    /// <summary>Adds a tile to sums.</summary>
    /// <param name="rows">1 to <see cref="RowCounts.Max"/>.</param>
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
            case 4:
                Kernel<FourRows>(groups, panel, input, stride, sums);
                break;
            case 5:
                Kernel<FiveRows>(groups, panel, input, stride, sums);
                break;
            default:
                Kernel<SixRows>(groups, panel, input, stride, sums);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Kernel<TRows>(in IntegerGroups groups, byte* panel, byte* x0, nint stride, float* sums) where TRows : struct, IRowCount
    {
        int count = groups.Count;
        nint scalesOffset = groups.ScalesOffset;
        byte* x1 = x0 + stride;
        byte* x2 = x1 + stride;
        byte* x3 = x2 + stride;
        byte* x4 = x3 + stride;
        byte* x5 = x4 + stride;
        for (int group = 0; group < count; group++)
        {
            Vector256<int> s0l = default, s0h = default, s1l = default, s1h = default, s2l = default, s2h = default;
            Vector256<int> s3l = default, s3h = default, s4l = default, s4h = default, s5l = default, s5h = default;
            Bf16Line.Load(panel, out Vector256<float> scaleLow, out Vector256<float> scaleHigh);
            panel += Bf16Line.Bytes;
            nint end = (nint)(groups.First(group) + groups.PaddedLength(group)) * sizeof(short);
            for (nint k = (nint)groups.First(group) * sizeof(short); k < end; k += 2 * sizeof(short), panel += 2 * PackedMatrix.PanelRows)
            {
                Vector256<short> low = Widen(panel), high = Widen(panel + PackedMatrix.PanelRows);
                Add(x0 + k, low, high, ref s0l, ref s0h);
                if (TRows.Count > 1)
                    Add(x1 + k, low, high, ref s1l, ref s1h);
                if (TRows.Count > 2)
                    Add(x2 + k, low, high, ref s2l, ref s2h);
                if (TRows.Count > 3)
                    Add(x3 + k, low, high, ref s3l, ref s3h);
                if (TRows.Count > 4)
                    Add(x4 + k, low, high, ref s4l, ref s4h);
                if (TRows.Count > 5)
                    Add(x5 + k, low, high, ref s5l, ref s5h);
            }
            AddGroup(s0l, s0h, scaleLow, scaleHigh, (float*)(x0 + scalesOffset) + group, sums);
            if (TRows.Count > 1)
                AddGroup(s1l, s1h, scaleLow, scaleHigh, (float*)(x1 + scalesOffset) + group, sums + PackedMatrix.PanelRows);
            if (TRows.Count > 2)
                AddGroup(s2l, s2h, scaleLow, scaleHigh, (float*)(x2 + scalesOffset) + group, sums + 2 * PackedMatrix.PanelRows);
            if (TRows.Count > 3)
                AddGroup(s3l, s3h, scaleLow, scaleHigh, (float*)(x3 + scalesOffset) + group, sums + 3 * PackedMatrix.PanelRows);
            if (TRows.Count > 4)
                AddGroup(s4l, s4h, scaleLow, scaleHigh, (float*)(x4 + scalesOffset) + group, sums + 4 * PackedMatrix.PanelRows);
            if (TRows.Count > 5)
                AddGroup(s5l, s5h, scaleLow, scaleHigh, (float*)(x5 + scalesOffset) + group, sums + 5 * PackedMatrix.PanelRows);
        }
    }

    /// <summary>Weights of two inputs and eight outputs, as 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Widen(byte* weights)
    {
        Vector128<sbyte> bytes = Vector128.Load((sbyte*)weights);
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int16(bytes) : Vector256.Create(Vector128.WidenLower(bytes), Vector128.WidenUpper(bytes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(byte* pair, Vector256<short> low, Vector256<short> high, ref Vector256<int> sumLow, ref Vector256<int> sumHigh)
    {
        Vector256<short> x = Vector256.Create(*(int*)pair).AsInt16();
        sumLow = IntegerDots.Add(sumLow, low, x);
        sumHigh = IntegerDots.Add(sumHigh, high, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(
        Vector256<int> low, Vector256<int> high, Vector256<float> scaleLow, Vector256<float> scaleHigh, float* scale, float* sums)
    {
        Vector256<float> x = Lanes.Broadcast(scale);
        Vector256.FusedMultiplyAdd(scaleLow, Vector256.ConvertToSingle(low) * x, Vector256.Load(sums)).Store(sums);
        Vector256.FusedMultiplyAdd(scaleHigh, Vector256.ConvertToSingle(high) * x, Vector256.Load(sums + 8)).Store(sums + 8);
    }
}
