using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Worker.Models.Transformer;

/// <summary>Weights of one transformer layer. Matrices that share an input are stacked into one.</summary>
/// <param name="InputNorm">[hidden].</param>
/// <param name="Qkv">[(heads + 2 · kvHeads) · headDim, hidden]: query rows, then key rows, then value rows.</param>
/// <param name="QkvBias">Biases of those rows (Qwen2), or null.</param>
/// <param name="QueryNorm">[headDim] (Qwen3), or null.</param>
/// <param name="KeyNorm">[headDim] (Qwen3), or null.</param>
/// <param name="Output">[hidden, heads · headDim].</param>
/// <param name="FeedForwardNorm">[hidden].</param>
/// <param name="GateUp">[2 · intermediate, hidden]: gate rows, then up rows.</param>
/// <param name="Down">[hidden, intermediate].</param>
internal sealed record LayerWeights(
    float[] InputNorm, PackedMatrix Qkv, float[]? QkvBias, float[]? QueryNorm, float[]? KeyNorm, PackedMatrix Output,
    float[] FeedForwardNorm, PackedMatrix GateUp, PackedMatrix Down) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Qkv.Dispose();
        Output.Dispose();
        GateUp.Dispose();
        Down.Dispose();
    }
}
