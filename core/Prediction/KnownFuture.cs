using Astraea.Core.Lifecycle;

namespace Astraea.Core.Prediction;

/// <summary>What really happens in and after a segment. Only a simulation knows.</summary>
/// <param name="OutputTokens">Output of the segment (tokens).</param>
/// <param name="ToolSeconds">Time of the tool after it; 0 when it is the last (s).</param>
/// <param name="InputAfter">New input of all later segments together, their KV kept (tokens).</param>
/// <param name="OutputAfter">Output of all later segments together (tokens).</param>
public readonly record struct KnownSegment(int OutputTokens, double ToolSeconds, long InputAfter, long OutputAfter);

/// <summary>Who knows the future of requests: bounds are computed with it, no policy that could be deployed.</summary>
public interface IKnownFuture
{
    /// <summary>A segment of a request, or null when nothing is known of it.</summary>
    KnownSegment? Segment(RequestId request, int ordinal);
}
