using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>4-bit weights in groups of 32 and 8-bit activations (Q4A8): integer sums inside a group, added up in f32 over the groups.</summary>
/// <remarks>
/// As <see cref="Int8Matrix"/>, so both twins give the same bits. Weights: w ≈ (q − 8) · scale, 0 ≤ q ≤ 15; the scale is the group's weight of largest
/// magnitude / −8, as bf16, so that this weight keeps its sign and the range is used to its end.
/// In a panel, words of eight neighbouring inputs: [inputs / 8, 16 outputs, 4] bytes, byte i with input i in its lower half and input i + 4 in its upper.
/// A packed row is s8 integers, the f32 scales, and for each group a pair of 16-bit integers: −8 times the sum of its activations at places 0 and 1 of
/// four, and at places 2 and 3: what the two halves of a sum begin with.
/// </remarks>
internal sealed unsafe class Int4Matrix(int outputs, int inputs)
    : PackedMatrix(WeightFormat.Q4, outputs, inputs, new IntegerGroups(inputs, GroupInputs, 4, sizeof(sbyte)).PanelBytes)
{
    private const int GroupInputs = 32;
    private const int Offset = 8;

    private readonly IntegerGroups _groups = new(inputs, GroupInputs, 4, sizeof(sbyte));

    /// <inheritdoc/>
    public override int PackedRowBytes => _groups.ScalesOffset + _groups.Count * (sizeof(float) + 2 * sizeof(short));

    /// <inheritdoc/>
    public override void PackRow(InstructionSet set, ReadOnlySpan<float> row, byte* packed)
    {
        sbyte* target = (sbyte*)packed;
        float* scales = (float*)(packed + _groups.ScalesOffset);
        int* starts = (int*)(scales + _groups.Count);
        for (int group = 0; group < _groups.Count; group++)
        {
            int first = _groups.First(group), length = _groups.Length(group);
            var values = new ActivationGroup(set, row.Slice(first, length));
            scales[group] = values.Scale;
            if (set != InstructionSet.Scalar && length == GroupInputs)
            {
                Vector256<sbyte> integers = Vector256.Narrow(values.Sixteen(0), values.Sixteen(16));
                integers.Store(target + first);
                starts[group] = Start(integers);
                continue;
            }
            int even = 0, odd = 0;
            for (int i = 0; i < length; i++)
            {
                target[first + i] = (sbyte)values[i];
                if (i % 4 < 2)
                    even += values[i];
                else
                    odd += values[i];
            }
            starts[group] = (ushort)(-Offset * even) | (-Offset * odd) << 16;
        }
        new Span<sbyte>(target + Inputs, _groups.Padded - Inputs).Clear();
    }

    /// <inheritdoc/>
    public override void Multiply(
        InstructionSet set, byte* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        float* sums = stackalloc float[Int4Tile.RowsMax * PanelRows];
        for (int panel = firstPanel; panel < firstPanel + panels; panel++)
        {
            int outputs = OutputsOf(panel);
            for (int row = 0; row < rows;)
            {
                int count = set == InstructionSet.Scalar ? 1 : RowCounts.Take(rows - row, Int4Tile.RowsMax);
                new Span<float>(sums, count * PanelRows).Clear();
                if (set == InstructionSet.Scalar)
                    Reference(Panel(panel), input + row * inputStride, sums);
                else
                    Int4Tile.Run(count, _groups, Panel(panel), input + row * inputStride, inputStride, sums);
                for (int r = 0; r < count; r++, row++)
                    new Span<float>(sums + r * PanelRows, outputs).CopyTo(new Span<float>(output + row * outputStride + panel * PanelRows, outputs));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Write(byte* panel, int lane, ReadOnlySpan<float> values)
    {
        for (int group = 0; group < _groups.Count; group++)
        {
            byte* line = panel + _groups.OffsetOf(group);
            byte* weights = line + Bf16Line.Bytes + lane * 4;
            ReadOnlySpan<float> part = values.Slice(_groups.First(group), _groups.Length(group));
            Bf16Line.Set(line, lane, OfLargestMagnitude(part) / -Offset);
            float scale = Bf16Line.Get(line, lane);
            for (int i = 0; i < _groups.PaddedLength(group); i++)
            {
                float place = i < part.Length && scale != 0 ? MathF.Round(part[i] / scale) + Offset : Offset;
                int q = (int)Math.Clamp(place, 0f, 15f), shift = Shift(i);
                weights[Place(i)] = (byte)(weights[Place(i)] & ~(0xF << shift) | q << shift);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Read(byte* panel, int lane, Span<float> destination)
    {
        for (int group = 0; group < _groups.Count; group++)
        {
            byte* line = panel + _groups.OffsetOf(group);
            byte* weights = line + Bf16Line.Bytes + lane * 4;
            Span<float> part = destination.Slice(_groups.First(group), _groups.Length(group));
            for (int i = 0; i < part.Length; i++)
                part[i] = Weight(weights, i) * Bf16Line.Get(line, lane);
        }
    }

    private static int Weight(byte* weights, int input) => (weights[Place(input)] >> Shift(input) & 0xF) - Offset;

    /// <summary>Where an input of a group lies behind its lane's first (By).</summary>
    private static int Place(int input) => input / 8 * (4 * PanelRows) + input % 4;

    /// <summary>In which half of its byte an input lies.</summary>
    private static int Shift(int input) => input % 8 / 4 * 4;

    private static float OfLargestMagnitude(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
            largest = MathF.Abs(value) > MathF.Abs(largest) ? value : largest;
        return largest;
    }

    /// <summary>Sums of places 0 and 1 of four and of places 2 and 3, times −8.</summary>
    private static int Start(Vector256<sbyte> integers)
    {
        Vector256<short> pairs = IntegerDots.Add(Vector256<short>.Zero, Vector256.Create((byte)Offset), integers);
        Vector128<short> four = pairs.GetLower() + pairs.GetUpper();
        Vector128<short> two = four + Vector128.Shuffle(four.AsInt64(), Vector128.Create(1L, 0)).AsInt16();
        Vector128<short> one = two + Vector128.Shuffle(two.AsInt32(), Vector128.Create(1, 0, 3, 2)).AsInt16();
        return (-one).AsInt32().ToScalar();
    }

    private void Reference(byte* panel, byte* input, float* sums)
    {
        sbyte* activations = (sbyte*)input;
        float* scales = (float*)(input + _groups.ScalesOffset);
        for (int group = 0; group < _groups.Count; group++)
        {
            byte* line = panel + _groups.OffsetOf(group);
            for (int lane = 0; lane < PanelRows; lane++)
            {
                byte* weights = line + Bf16Line.Bytes + lane * 4;
                int dot = 0;
                for (int i = 0; i < _groups.Length(group); i++)
                    dot += Weight(weights, i) * activations[_groups.First(group) + i];
                sums[lane] = MathF.FusedMultiplyAdd(Bf16Line.Get(line, lane), dot * scales[group], sums[lane]);
            }
        }
    }
}
