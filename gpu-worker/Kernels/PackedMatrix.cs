namespace Astraea.Worker.Kernels;

/// <summary>Weights of a linear layer in panels: 16 output rows interleaved, so that a vector register holds one input's weights of eight outputs
/// and no sum ever runs across a register.</summary>
/// <remarks>Layout: [panels, inputs, 16] f32; rows past the last output are zero.</remarks>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Output rows in a panel.</summary>
    public const int PanelRows = 16;

    private readonly AlignedMemory _memory;

    /// <summary>Makes a zero matrix.</summary>
    public PackedMatrix(int outputs, int inputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        Outputs = outputs;
        Inputs = inputs;
        Panels = (outputs + PanelRows - 1) / PanelRows;
        _memory = AlignedMemory.ForFloats((long)Panels * PanelRows * inputs);
    }

    /// <summary>Rows: outputs of the layer.</summary>
    public int Outputs { get; }

    /// <summary>Columns: inputs of the layer.</summary>
    public int Inputs { get; }

    /// <summary>Panels there are.</summary>
    public int Panels { get; }

    /// <summary>Start of a panel: [inputs, 16].</summary>
    public float* Panel(int panel) => _memory.Floats + (nint)panel * PanelRows * Inputs;

    /// <summary>Sets one output row, [inputs].</summary>
    public void SetRow(int row, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Inputs);
        float* lane = Panel(row / PanelRows) + row % PanelRows;
        for (int i = 0; i < values.Length; i++)
            lane[(nint)i * PanelRows] = values[i];
    }

    /// <summary>Reads one output row back, [inputs]: an embedding table is such a matrix, and may be shared with the output layer.</summary>
    public void CopyRow(int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, Inputs);
        float* lane = Panel(row / PanelRows) + row % PanelRows;
        for (int i = 0; i < destination.Length; i++)
            destination[i] = lane[(nint)i * PanelRows];
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
