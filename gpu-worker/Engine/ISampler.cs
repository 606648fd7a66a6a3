using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Engine;

/// <summary>Draws a token from logits. Stateless: the draw depends on its arguments alone, so an interrupted segment goes on with the same tokens.</summary>
public interface ISampler
{
    /// <summary>Draws one token.</summary>
    /// <param name="logits">[vocabulary] f32; may be overwritten. −∞ marks what may not be drawn.</param>
    /// <param name="sampling">How to draw.</param>
    /// <param name="segment">Ordinal of the segment: part of the generator's key.</param>
    /// <param name="index">Index of the token in the segment's output: part of the generator's key.</param>
    /// <param name="output">Output of the segment so far, for penalties.</param>
    int Sample(Span<float> logits, Sampling sampling, int segment, int index, ReadOnlySpan<int> output);
}
