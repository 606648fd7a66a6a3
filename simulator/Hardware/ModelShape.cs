namespace Astraea.Simulator.Hardware;

/// <summary>What of a model's configuration decides its costs.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="HeadDim">Width of a head (channels).</param>
/// <param name="Parameters">All weights.</param>
/// <param name="BytesPerNumber">Of a weight and of a KV entry (By): 2 for bf16.</param>
/// <param name="ContextTokensMax">Longest context (tokens).</param>
public sealed record ModelShape(string Name, int Layers, int Heads, int KvHeads, int HeadDim, double Parameters, int BytesPerNumber, int ContextTokensMax)
{
    /// <summary>Llama 3.1 8B in bf16 (config.json of meta-llama/Llama-3.1-8B).</summary>
    public static ModelShape Llama8B { get; } = new("Llama-3.1-8B", 32, 32, 8, 128, 8.03e9, 2, 131_072);

    /// <summary>Llama 3.1 70B in bf16 (config.json of meta-llama/Llama-3.1-70B).</summary>
    public static ModelShape Llama70B { get; } = new("Llama-3.1-70B", 80, 64, 8, 128, 70.55e9, 2, 131_072);

    /// <summary>Keys and values of one token in all layers (By).</summary>
    public int KvBytesPerToken => 2 * Layers * KvHeads * HeadDim * BytesPerNumber;

    /// <summary>All weights (By).</summary>
    public double WeightBytes => Parameters * BytesPerNumber;

    /// <summary>Multiplications and additions for one row, attention left out (FLOP).</summary>
    public double FlopsPerRow => 2 * Parameters;

    /// <summary>Scores and weighted values for one row and one token that it looks back on (FLOP).</summary>
    public double FlopsPerPair => 4.0 * Layers * Heads * HeadDim;
}
