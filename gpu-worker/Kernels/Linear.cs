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
        Span<float> sums = stackalloc float[PackedMatrix.PanelRows];
        for (int row = 0; row < rows; row++)
        {
            for (int panel = firstPanel; panel < firstPanel + panels; panel++)
            {
                sums.Clear();
                var weight = new ReadOnlySpan<float>(weights.Panel(panel), weights.Inputs * PackedMatrix.PanelRows);
                for (int k = 0; k < weights.Inputs; k++)
                {
                    float x = input[row * inputStride + k];
                    ReadOnlySpan<float> lanes = weight.Slice(k * PackedMatrix.PanelRows, PackedMatrix.PanelRows);
                    for (int n = 0; n < lanes.Length; n++)
                        sums[n] += x * lanes[n];
                }
                int first = panel * PackedMatrix.PanelRows, count = Math.Min(PackedMatrix.PanelRows, weights.Outputs - first);
                sums[..count].CopyTo(new Span<float>(output + row * outputStride + first, count));
            }
        }
    }
}
