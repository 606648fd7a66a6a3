namespace Astraea.Core.Prediction;

/// <summary>Device seconds a request still needs after its current segment, by category, ordinal and last tool.</summary>
public sealed class RemainingWork
{
    private readonly BackoffEstimator _estimator = new();

    /// <summary>A request has completed, and after its segment <paramref name="ordinal"/> it needed so many device seconds.</summary>
    public void Learn(string category, string? lastTool, int ordinal, double secondsAfter)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.SegmentChain];
        PredictionKeys.Segment(chain, category, lastTool, ordinal);
        _estimator.Learn(chain, secondsAfter);
    }

    /// <summary>Expected device seconds after the segment (s).</summary>
    /// <param name="category">Class of the request.</param>
    /// <param name="lastTool">Tool before the segment, or null.</param>
    /// <param name="ordinal">Ordinal of the segment.</param>
    /// <param name="attainedSeconds">Device seconds of the request's ended segments: with nothing known, as much again is expected.</param>
    /// <remarks>The prior is the mean residual life of a heavy tail, which makes a new category least-attained-service (Autellix, arXiv 2502.13965 §4).</remarks>
    public double After(string category, string? lastTool, int ordinal, double attainedSeconds)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.SegmentChain];
        PredictionKeys.Segment(chain, category, lastTool, ordinal);
        return _estimator.Mean(chain, Math.Max(0, attainedSeconds));
    }
}
