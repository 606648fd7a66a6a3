using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>8-bit weights and activations (W8A8): integer sums inside a group, added up in f32 over the groups.</summary>
/// <remarks>
/// output = Σ_g scale_w[g] · (scale_x[g] · Σ_k q_w · q_x), groups in order, each step one fused multiply-add; the sum inside is an exact integer. So both twins
/// give the same bits. Weights: q = round(w / scale) with scale the largest |w| of the group / 127, rounded up to bf16.
/// In a panel, words of two neighbouring inputs: [inputs / 2, 16 outputs, 2] s8. Activations are kept as 16-bit integers, so that
/// products of pairs need no correction and cannot saturate.
/// </remarks>
internal sealed unsafe class Int8Matrix : PackedMatrix
{
    private readonly IntegerGroups _groups;

    /// <summary>Makes a zero matrix.</summary>
    /// <param name="format">Which format this is.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="groupInputs">Inputs that share a scale.</param>
    public Int8Matrix(WeightFormat format, int outputs, int inputs, int groupInputs)
        : base(format, outputs, inputs, new IntegerGroups(inputs, groupInputs, 8, sizeof(short)).PanelBytes) =>
        _groups = new IntegerGroups(inputs, groupInputs, 8, sizeof(short));

    /// <inheritdoc/>
    public override int PackedRowBytes => _groups.ScalesOffset + _groups.Count * sizeof(float);

    /// <inheritdoc/>
    public override void PackRow(InstructionSet set, ReadOnlySpan<float> row, byte* packed)
    {
        short* target = (short*)packed;
        float* scales = (float*)(packed + _groups.ScalesOffset);
        for (int group = 0; group < _groups.Count; group++)
        {
            int first = _groups.First(group), length = _groups.Length(group), i = 0;
            var values = new ActivationGroup(set, row.Slice(first, length));
            scales[group] = values.Scale;
            if (set != InstructionSet.Scalar)
            {
                for (; i + 16 <= length; i += 16)
                    values.Sixteen(i).Store(target + first + i);
            }
            for (; i < length; i++)
                target[first + i] = (short)values[i];
        }
        new Span<short>(target + Inputs, _groups.Padded - Inputs).Clear();
    }

    /// <inheritdoc/>
    public override void Multiply(
        InstructionSet set, byte* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        float* sums = stackalloc float[RowCounts.Max * PanelRows];
        for (int panel = firstPanel; panel < firstPanel + panels; panel++)
        {
            int outputs = OutputsOf(panel);
            for (int row = 0; row < rows;)
            {
                int count = set == InstructionSet.Scalar ? 1 : RowCounts.Take(rows - row);
                new Span<float>(sums, count * PanelRows).Clear();
                if (set == InstructionSet.Scalar)
                    Reference(Panel(panel), input + row * inputStride, sums);
                else
                    Int8Tile.Run(count, _groups, Panel(panel), input + row * inputStride, inputStride, sums);
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
            sbyte* weights = (sbyte*)line + Bf16Line.Bytes + lane * 2;
            ReadOnlySpan<float> part = values.Slice(_groups.First(group), _groups.Length(group));
            Bf16Line.Set(line, lane, RoundUp(Largest(part) / 127f));
            float scale = Bf16Line.Get(line, lane);
            for (int i = 0; i < part.Length; i++)
                weights[Place(i)] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(part[i] / scale), -127f, 127f);
        }
    }

    /// <inheritdoc/>
    protected override void Read(byte* panel, int lane, Span<float> destination)
    {
        for (int group = 0; group < _groups.Count; group++)
        {
            byte* line = panel + _groups.OffsetOf(group);
            sbyte* weights = (sbyte*)line + Bf16Line.Bytes + lane * 2;
            Span<float> part = destination.Slice(_groups.First(group), _groups.Length(group));
            for (int i = 0; i < part.Length; i++)
                part[i] = weights[Place(i)] * Bf16Line.Get(line, lane);
        }
    }

    /// <summary>Where an input of a group lies behind its lane's first (By).</summary>
    private static int Place(int input) => input / 2 * (2 * PanelRows) + input % 2;

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
            largest = MathF.Max(largest, MathF.Abs(value));
        return largest;
    }

    /// <summary>The next bf16 that is not smaller: the largest weight then keeps within 127.</summary>
    private static float RoundUp(float scale) => Bf16.Widen((ushort)((BitConverter.SingleToUInt32Bits(scale) + 0xFFFF) >> 16));

    private void Reference(byte* panel, byte* input, float* sums)
    {
        short* activations = (short*)input;
        float* scales = (float*)(input + _groups.ScalesOffset);
        for (int group = 0; group < _groups.Count; group++)
        {
            byte* line = panel + _groups.OffsetOf(group);
            for (int lane = 0; lane < PanelRows; lane++)
            {
                sbyte* weights = (sbyte*)line + Bf16Line.Bytes + lane * 2;
                int dot = 0;
                for (int i = 0; i < _groups.PaddedLength(group); i++)
                    dot += weights[Place(i)] * activations[_groups.First(group) + i];
                sums[lane] = MathF.FusedMultiplyAdd(Bf16Line.Get(line, lane), dot * scales[group], sums[lane]);
            }
        }
    }
}
