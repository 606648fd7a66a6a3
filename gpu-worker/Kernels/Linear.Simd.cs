namespace Astraea.Worker.Kernels;

/// <content>The vector twin: register tiles over panels.</content>
internal static unsafe partial class Linear
{
    // Inputs at a time when there are many rows: a stretch of a panel (32 KiB) that stays in cache while the rows pass over it.
    private const int InputsPerPass = 512;

    private static void Simd(
        PackedMatrix weights, float* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        int fullPanels = Math.Min(panels, weights.Outputs / PackedMatrix.PanelRows - firstPanel);
        int pass = rows <= Tile.RowsMax ? weights.Inputs : InputsPerPass;
        for (int k = 0; k < weights.Inputs; k += pass)
        {
            int depth = Math.Min(pass, weights.Inputs - k);
            for (int row = 0; row < rows;)
            {
                int count = Tile.RowsOf(rows - row);
                float* a = input + row * inputStride + k;
                float* c = output + row * outputStride + firstPanel * PackedMatrix.PanelRows;
                int p = 0;
                if (count == 1)
                {
                    for (; p + 4 <= fullPanels; p += 4)
                        Tile.One(a, Panel(p), Panel(p + 1), Panel(p + 2), Panel(p + 3), PackedMatrix.PanelRows, depth, c + p * 16, k > 0);
                }
                for (; p < fullPanels; p++)
                    Tile.Run(count, a, inputStride, Panel(p), PackedMatrix.PanelRows, depth, c + p * 16, outputStride, k > 0);
                row += count;
            }

            float* Panel(int p) => weights.Panel(firstPanel + p) + (nint)k * PackedMatrix.PanelRows;
        }
        if (fullPanels < panels)
            LastPanel(weights, input, inputStride, rows, output, outputStride);
    }

    /// <summary>The panel that the outputs do not fill: computed whole into a side tile, of which only the real outputs are copied.</summary>
    private static void LastPanel(PackedMatrix weights, float* input, nint inputStride, int rows, float* output, nint outputStride)
    {
        int first = (weights.Panels - 1) * PackedMatrix.PanelRows, count = weights.Outputs - first;
        float* side = stackalloc float[Tile.RowsMax * PackedMatrix.PanelRows];
        for (int row = 0; row < rows;)
        {
            int tileRows = Tile.RowsOf(rows - row);
            Tile.Run(tileRows, input + row * inputStride, inputStride, weights.Panel(weights.Panels - 1), PackedMatrix.PanelRows,
                weights.Inputs, side, PackedMatrix.PanelRows, accumulate: false);
            for (int r = 0; r < tileRows; r++, row++)
                new Span<float>(side + r * PackedMatrix.PanelRows, count).CopyTo(new Span<float>(output + row * outputStride + first, count));
        }
    }
}
