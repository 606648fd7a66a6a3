namespace Astraea.Worker.Models.Mini;

/// <summary>Dimensions of the built-in model; others make a larger one of the same kind, for measurements.</summary>
/// <param name="Hidden">Width of the residual stream (channels).</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Width of a head (channels).</param>
/// <param name="Intermediate">Width inside the feed-forward part (channels).</param>
/// <param name="ContextTokensMax">Longest context (tokens).</param>
public sealed record TinyShape(int Hidden, int Layers, int Heads, int KvHeads, int HeadDim, int Intermediate, int ContextTokensMax)
{
    /// <summary>The built-in model: about 0.9 M parameters.</summary>
    public static TinyShape BuiltIn { get; } = new(128, 4, 4, 2, 32, 384, 8192);
}
