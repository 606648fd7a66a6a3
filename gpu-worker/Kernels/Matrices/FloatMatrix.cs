namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Weights in f32 or bf16, summed in f32.</summary>
/// <remarks>
/// A panel is [inputs] lines. Each output is one chain of additions over k = 0, 1, 2, … from zero, fused in the vector twin; storing and reloading a
/// sum between passes is exact. A bf16 matrix gives the bits of the f32 matrix of the same rounded weights.
/// </remarks>
internal sealed unsafe class FloatMatrix<TLine>(WeightFormat format, int outputs, int inputs)
    : PackedMatrix(format, outputs, inputs, (long)inputs * TLine.Bytes) where TLine : struct, ILine
{
    // Bytes of a panel that stay in the first-level cache while the rows pass over it.
    private const int PassBytes = 16 * 1024;

    /// <inheritdoc/>
    public override void Multiply(
        InstructionSet set, byte* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        if (set == InstructionSet.Scalar)
            Reference(input, inputStride, rows, output, outputStride, firstPanel, panels);
        else
            Simd((float*)input, inputStride / sizeof(float), rows, output, outputStride, firstPanel, panels);
    }

    /// <inheritdoc/>
    protected override void Write(byte* panel, int lane, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++, panel += TLine.Bytes)
            TLine.Set(panel, lane, values[i]);
    }

    /// <inheritdoc/>
    protected override void Read(byte* panel, int lane, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++, panel += TLine.Bytes)
            destination[i] = TLine.Get(panel, lane);
    }

    private void Reference(byte* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        Span<float> sums = stackalloc float[PanelRows];
        for (int row = 0; row < rows; row++)
        {
            var x = new ReadOnlySpan<float>(input + row * inputStride, Inputs);
            for (int panel = firstPanel; panel < firstPanel + panels; panel++)
            {
                sums.Clear();
                byte* line = Panel(panel);
                for (int k = 0; k < x.Length; k++, line += TLine.Bytes)
                {
                    for (int n = 0; n < sums.Length; n++)
                        sums[n] += x[k] * TLine.Get(line, n);
                }
                sums[..OutputsOf(panel)].CopyTo(new Span<float>(output + row * outputStride + panel * PanelRows, OutputsOf(panel)));
            }
        }
    }

    private void Simd(float* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        int fullPanels = Math.Min(panels, Outputs / PanelRows - firstPanel), p = firstPanel;
        output += firstPanel * PanelRows;
        if (rows == 1)
        {
            for (; p + 4 <= firstPanel + fullPanels; p += 4, output += 4 * PanelRows)
                Tile<TLine>.OneByFour(input, Panel(p), Panel(p + 1), Panel(p + 2), Panel(p + 3), TLine.Bytes, Inputs, output, accumulate: false);
        }
        for (; p < firstPanel + fullPanels; p++, output += PanelRows)
            MultiplyPanel(Panel(p), input, inputStride, rows, output, outputStride);
        if (fullPanels < panels)
            MultiplyLastPanel(input, inputStride, rows, output, outputStride);
    }

    private void MultiplyPanel(byte* panel, float* input, nint inputStride, int rows, float* output, nint outputStride)
    {
        int pass = rows <= RowCounts.Max ? Inputs : PassBytes / TLine.Bytes;
        for (int k = 0; k < Inputs; k += pass)
        {
            for (int row = 0; row < rows;)
            {
                int count = RowCounts.Take(rows - row);
                Tile<TLine>.Run(count, input + row * inputStride + k, inputStride, panel + (nint)k * TLine.Bytes, TLine.Bytes, Math.Min(pass, Inputs - k),
                    output + row * outputStride, outputStride, accumulate: k > 0);
                row += count;
            }
        }
    }

    /// <summary>The panel that the outputs do not fill: computed whole into a side tile, of which only the real outputs are copied.</summary>
    private void MultiplyLastPanel(float* input, nint inputStride, int rows, float* output, nint outputStride)
    {
        int outputs = OutputsOf(Panels - 1);
        float* side = stackalloc float[RowCounts.Max * PanelRows];
        for (int row = 0; row < rows;)
        {
            int count = RowCounts.Take(rows - row);
            Tile<TLine>.Run(count, input + row * inputStride, inputStride, Panel(Panels - 1), TLine.Bytes, Inputs, side, PanelRows, accumulate: false);
            for (int r = 0; r < count; r++, row++)
                new Span<float>(side + r * PanelRows, outputs).CopyTo(new Span<float>(output + row * outputStride, outputs));
        }
    }
}
