namespace Astraea.Worker.Kernels;

/// <summary>Linear layer: output[r, n] = Σ_k input[r, k] · weight[n, k], for one row (GEMV) or many (GEMM).</summary>
/// <remarks>
/// Each output element is one chain of additions over k = 0, 1, 2, … from zero. Tiles, chunks, threads and the number of rows decide who computes a
/// chain and when it rests in memory (storing and reloading f32 is exact), never its order: this is what batch invariance stands on.
/// </remarks>
internal static unsafe partial class Linear
{
    // A chunk of work: small enough to share out, large enough that its panels stay in the first-level cache while all its rows pass.
    private const int RowsPerChunk = 48;
    private const int PanelsPerChunk = 4;

    /// <summary>Chunks the work falls into; any thread may run any of them, in any order.</summary>
    public static int Chunks(PackedMatrix weights, int rows) =>
        PanelGroups(weights) * ((rows + RowsPerChunk - 1) / RowsPerChunk);

    /// <summary>Computes one chunk.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="input">[rows, inputs] f32, rows <paramref name="inputStride"/> floats apart.</param>
    /// <param name="inputStride">At least the inputs (floats).</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="output">[rows, outputs] f32, rows <paramref name="outputStride"/> floats apart; overwritten. Must not alias the input.</param>
    /// <param name="outputStride">At least the outputs (floats).</param>
    /// <param name="chunk">0 ≤ chunk &lt; <see cref="Chunks"/>.</param>
    public static void Run(
        InstructionSet set, PackedMatrix weights, float* input, nint inputStride, int rows, float* output, nint outputStride, int chunk)
    {
        int groups = PanelGroups(weights);
        int firstRow = chunk / groups * RowsPerChunk, firstPanel = chunk % groups * PanelsPerChunk;
        int rowCount = Math.Min(RowsPerChunk, rows - firstRow), panelCount = Math.Min(PanelsPerChunk, weights.Panels - firstPanel);
        input += firstRow * inputStride;
        output += firstRow * outputStride;
        if (set == InstructionSet.Scalar)
            Reference(weights, input, inputStride, rowCount, output, outputStride, firstPanel, panelCount);
        else
            Simd(weights, input, inputStride, rowCount, output, outputStride, firstPanel, panelCount);
    }

    private static int PanelGroups(PackedMatrix weights) => (weights.Panels + PanelsPerChunk - 1) / PanelsPerChunk;

    private static void Reference(
        PackedMatrix weights, float* input, nint inputStride, int rows, float* output, nint outputStride, int firstPanel, int panels)
    {
        int end = Math.Min(weights.Outputs, (firstPanel + panels) * PackedMatrix.PanelRows);
        for (int row = 0; row < rows; row++)
        {
            for (int n = firstPanel * PackedMatrix.PanelRows; n < end; n++)
            {
                float* weight = weights.Panel(n / PackedMatrix.PanelRows) + n % PackedMatrix.PanelRows;
                float sum = 0;
                for (nint k = 0; k < weights.Inputs; k++)
                    sum += input[row * inputStride + k] * weight[k * PackedMatrix.PanelRows];
                output[row * outputStride + n] = sum;
            }
        }
    }
}
