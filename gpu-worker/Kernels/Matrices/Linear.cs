namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Linear layer: output[r, n] = Σ_k input[r, k] · weight[n, k], for one row (GEMV) or many (GEMM), cut into chunks.</summary>
/// <remarks>Tiles, chunks, threads and the number of rows decide who reduces an output, never in which order: this is what batch invariance stands on.</remarks>
internal static unsafe class Linear
{
    // A chunk of work: small enough to share out, large enough that a panel stays in cache while all its rows pass.
    private const int RowsPerChunk = 48;
    private const int PanelsPerChunk = 4;

    /// <summary>Chunks the work falls into; any thread may run any of them, in any order.</summary>
    public static int Chunks(PackedMatrix weights, int rows) =>
        PanelGroups(weights) * ((rows + RowsPerChunk - 1) / RowsPerChunk);

    /// <summary>Computes one chunk.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="input">[rows] of [inputs] f32 or, where the format packs its rows, of packed rows.</param>
    /// <param name="inputStride">Distance of input rows (By).</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="output">[rows, outputs] f32, rows <paramref name="outputStride"/> floats apart; overwritten. Must not alias the input.</param>
    /// <param name="outputStride">At least the outputs (floats).</param>
    /// <param name="chunk">0 ≤ chunk &lt; <see cref="Chunks"/>.</param>
    public static void Run(
        InstructionSet set, PackedMatrix weights, byte* input, nint inputStride, int rows, float* output, nint outputStride, int chunk)
    {
        int groups = PanelGroups(weights);
        int firstRow = chunk / groups * RowsPerChunk, firstPanel = chunk % groups * PanelsPerChunk;
        int rowCount = Math.Min(RowsPerChunk, rows - firstRow), panelCount = Math.Min(PanelsPerChunk, weights.Panels - firstPanel);
        weights.Multiply(set, input + firstRow * inputStride, inputStride, rowCount, output + firstRow * outputStride, outputStride, firstPanel, panelCount);
    }

    private static int PanelGroups(PackedMatrix weights) => (weights.Panels + PanelsPerChunk - 1) / PanelsPerChunk;
}
