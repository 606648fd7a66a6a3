namespace Astraea.Core.Prediction;

/// <summary>How many tokens a segment will generate, by category, ordinal and last tool.</summary>
public sealed class OutputLength
{
    /// <summary>Before anything is known (tokens).</summary>
    public const double PriorTokens = 128;

    private readonly BackoffEstimator _estimator;

    /// <summary>Knows nothing.</summary>
    public OutputLength() => _estimator = new BackoffEstimator();

    private OutputLength(OutputLength other) => _estimator = other._estimator.Copy();

    /// <summary>Another one that knows the same and goes on learning by itself.</summary>
    public OutputLength Copy() => new(this);

    /// <summary>A segment has ended with so many output tokens.</summary>
    public void Learn(string category, string? lastTool, int ordinal, int outputTokens)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        PredictionKeys.Segment(chain, category, lastTool, ordinal);
        _estimator.Learn(chain, outputTokens);
    }

    /// <summary>Expected total output of a segment that has generated <paramref name="soFar"/> tokens and goes on (tokens).</summary>
    /// <param name="category">Class of the request.</param>
    /// <param name="lastTool">Tool whose result the segment reads, or null.</param>
    /// <param name="ordinal">Ordinal of the segment.</param>
    /// <param name="soFar">Output so far (tokens).</param>
    /// <param name="min">Floor, from the segment's spec (tokens).</param>
    /// <param name="max">Cap, from the segment's spec (tokens); 0 or less is no cap.</param>
    /// <returns>At least <paramref name="soFar"/> + 1: a segment that runs has a token to come.</returns>
    public double Total(string category, string? lastTool, int ordinal, int soFar, int min, int max)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        PredictionKeys.Segment(chain, category, lastTool, ordinal);
        double total = Math.Max(_estimator.Mean(chain, PriorTokens, soFar), min);
        if (max > 0)
            total = Math.Min(total, max);
        return Math.Max(total, soFar + 1.0);
    }
}
