namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Weights of a linear layer in panels: 16 output rows interleaved, so that a vector register holds weights of eight outputs and no sum ever
/// runs across a register. Rows past the last output are zero.</summary>
/// <remarks>
/// A format promises batch invariance: an output is reduced in an order that depends on the inputs' number alone, whoever computes it beside
/// whichever rows (ENGINE.md, Exactness).
/// </remarks>
internal abstract unsafe class PackedMatrix : IDisposable
{
    /// <summary>Output rows in a panel.</summary>
    public const int PanelRows = 16;

    private readonly AlignedMemory _memory;
    private readonly nint _panelBytes;

    /// <summary>Makes a zero matrix.</summary>
    protected PackedMatrix(WeightFormat format, int outputs, int inputs, long panelBytes)
    {
        Format = format;
        Outputs = outputs;
        Inputs = inputs;
        Panels = (outputs + PanelRows - 1) / PanelRows;
        _panelBytes = checked((nint)panelBytes);
        _memory = new AlignedMemory(checked(Panels * panelBytes));
    }

    /// <summary>How the weights are kept.</summary>
    public WeightFormat Format { get; }

    /// <summary>Rows: outputs of the layer.</summary>
    public int Outputs { get; }

    /// <summary>Columns: inputs of the layer.</summary>
    public int Inputs { get; }

    /// <summary>Panels there are.</summary>
    public int Panels { get; }

    /// <summary>Size (By): what a product with one row reads.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>Bytes an input row takes once packed for this matrix (By); 0 when products read f32 rows as they are.</summary>
    public virtual int PackedRowBytes => 0;

    /// <summary>Makes a zero matrix of a format.</summary>
    public static PackedMatrix Create(WeightFormat format, int outputs, int inputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        return format switch
        {
            WeightFormat.F32 => new FloatMatrix<F32Line>(format, outputs, inputs),
            WeightFormat.Bf16 => new FloatMatrix<Bf16Line>(format, outputs, inputs),
            WeightFormat.W8 => new Int8Matrix(format, outputs, inputs, groupInputs: 32),
            WeightFormat.W8G128 => new Int8Matrix(format, outputs, inputs, groupInputs: 128),
            WeightFormat.Q4 => new Int4Matrix(outputs, inputs),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a weight format of these kernels."),
        };
    }

    /// <summary>Sets one output row, [inputs], rounded to the format.</summary>
    public void SetRow(int row, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Inputs);
        Write(Panel(row / PanelRows), row % PanelRows, values);
    }

    /// <summary>Reads one output row back, [inputs]: an embedding table is such a matrix, and may be shared with the output layer.</summary>
    public void CopyRow(int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, Inputs);
        Read(Panel(row / PanelRows), row % PanelRows, destination);
    }

    /// <summary>Packs one input row; both twins give the same bits.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="row">[inputs] f32.</param>
    /// <param name="packed"><see cref="PackedRowBytes"/> bytes, overwritten; 4-byte aligned.</param>
    public virtual void PackRow(InstructionSet set, ReadOnlySpan<float> row, byte* packed) =>
        throw new InvalidOperationException($"{WeightFormats.Name(Format)} reads rows as they are.");

    /// <summary>Computes the outputs of some panels for some rows.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="input">[rows] of [inputs] f32, or of packed rows; <paramref name="inputStride"/> bytes apart.</param>
    /// <param name="inputStride">Distance of input rows (By).</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="output">[rows, outputs] f32, overwritten in these panels. Must not alias the input.</param>
    /// <param name="outputStride">Distance of output rows (floats).</param>
    /// <param name="firstPanel">First panel.</param>
    /// <param name="panels">Panels.</param>
    public abstract void Multiply(
        InstructionSet set, byte* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Writes a row into its lane of a panel.</summary>
    protected abstract void Write(byte* panel, int lane, ReadOnlySpan<float> values);

    /// <summary>Reads a lane of a panel.</summary>
    protected abstract void Read(byte* panel, int lane, Span<float> destination);

    /// <summary>Start of a panel.</summary>
    protected byte* Panel(int panel) => _memory.Start + panel * _panelBytes;

    /// <summary>Outputs of a panel that there really are.</summary>
    protected int OutputsOf(int panel) => Math.Min(PanelRows, Outputs - panel * PanelRows);
}
