namespace Astraea.Core.Prediction;

/// <summary>How long a tool takes, by tool, command word and category; how long a human pauses, as a class of their own.</summary>
/// <remarks>Waits are heavy-tailed, so what matters is the distribution <em>given</em> the time already waited (SCHEDULING.md §2).</remarks>
public sealed class ToolDuration
{
    private readonly BackoffEstimator _estimator;

    /// <summary>Knows nothing.</summary>
    public ToolDuration() => _estimator = new BackoffEstimator();

    private ToolDuration(ToolDuration other) => _estimator = other._estimator.Copy();

    /// <summary>Another one that knows the same and goes on learning by itself.</summary>
    public ToolDuration Copy() => new(this);

    /// <summary>A tool has answered after so many seconds; null is a human.</summary>
    public void Learn(string category, string? tool, double seconds)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        _estimator.Learn(chain[..PredictionKeys.Tool(chain, category, tool)], seconds);
    }

    /// <summary>Seconds still to wait that are not exceeded with chance <paramref name="share"/>, after <paramref name="elapsed"/> seconds (s).</summary>
    /// <remarks>Unknown tools: as long again as has passed (InferCept, arXiv 2402.01869 §4: T_INT ≈ now − t_call).</remarks>
    public double Remaining(string category, string? tool, double share, double elapsed)
    {
        Span<double> seconds = stackalloc double[1];
        Remaining(category, tool, [share], elapsed, seconds);
        return seconds[0];
    }

    /// <summary>As above, for several shares in ascending order at the cost of one.</summary>
    public void Remaining(string category, string? tool, ReadOnlySpan<double> shares, double elapsed, Span<double> seconds)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        elapsed = Math.Max(0, elapsed);
        _estimator.Quantiles(chain[..PredictionKeys.Tool(chain, category, tool)], shares, 2 * elapsed, elapsed, seconds);
        for (int i = 0; i < seconds.Length; i++)
            seconds[i] = Math.Max(0, seconds[i] - elapsed);
    }

    /// <summary>Chance that the tool works for more than <paramref name="further"/> seconds from now, after <paramref name="elapsed"/> seconds.</summary>
    public double StillWorksAfter(string category, string? tool, double elapsed, double further)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ChainMax];
        elapsed = Math.Max(0, elapsed);
        // Unknown: the chance that a wait of unknown scale, already this old, lasts so much longer is elapsed/(elapsed + further) (Gott 1993).
        double prior = elapsed > 0 ? elapsed / (elapsed + further) : 0;
        return _estimator.Survival(chain[..PredictionKeys.Tool(chain, category, tool)], elapsed, elapsed + further, prior);
    }
}
