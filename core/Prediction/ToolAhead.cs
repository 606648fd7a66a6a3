namespace Astraea.Core.Prediction;

/// <summary>How long the tool after a segment will take, before it is known which one it is, by category, ordinal and last tool.</summary>
/// <remarks>Segments without a tool behind them count as zero seconds, so this is chance times duration.</remarks>
public sealed class ToolAhead
{
    private readonly BackoffEstimator _estimator;

    /// <summary>Knows nothing.</summary>
    public ToolAhead() => _estimator = new BackoffEstimator();

    private ToolAhead(ToolAhead other) => _estimator = other._estimator.Copy();

    /// <summary>Another one that knows the same and goes on learning by itself.</summary>
    public ToolAhead Copy() => new(this);

    /// <summary>A segment was followed by a tool that took so many seconds; 0 when it was the last.</summary>
    public void Learn(string category, string? lastTool, int ordinal, double seconds)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        PredictionKeys.Segment(chain, category, lastTool, ordinal);
        _estimator.Learn(chain, seconds);
    }

    /// <summary>Expected seconds; 0 before anything is known (s).</summary>
    public double Seconds(string category, string? lastTool, int ordinal)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        PredictionKeys.Segment(chain, category, lastTool, ordinal);
        return _estimator.Mean(chain, 0);
    }
}
