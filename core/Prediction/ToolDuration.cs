namespace Astraea.Core.Prediction;

/// <summary>How long a tool takes, by tool and category.</summary>
/// <remarks>Waits are heavy-tailed, so what matters is the distribution <em>given</em> the time already waited (SCHEDULING.md §2).</remarks>
public sealed class ToolDuration
{
    private readonly BackoffEstimator _estimator = new();

    /// <summary>A tool has answered after so many seconds.</summary>
    public void Learn(string category, string? tool, double seconds)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ToolChain];
        PredictionKeys.Tool(chain, category, tool);
        _estimator.Learn(chain, seconds);
    }

    /// <summary>Seconds still to wait that are not exceeded with chance <paramref name="share"/>, after <paramref name="elapsed"/> seconds (s).</summary>
    /// <remarks>Unknown tools: as long again as has passed (InferCept, arXiv 2402.01869 §4: T_INT ≈ now − t_call).</remarks>
    public double Remaining(string category, string? tool, double share, double elapsed)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ToolChain];
        PredictionKeys.Tool(chain, category, tool);
        elapsed = Math.Max(0, elapsed);
        return Math.Max(0, _estimator.Quantile(chain, share, 2 * elapsed, elapsed) - elapsed);
    }

    /// <summary>Chance that the tool works for more than <paramref name="further"/> seconds from now, after <paramref name="elapsed"/> seconds.</summary>
    public double StillWorksAfter(string category, string? tool, double elapsed, double further)
    {
        Span<ulong> chain = stackalloc ulong[PredictionKeys.ToolChain];
        PredictionKeys.Tool(chain, category, tool);
        elapsed = Math.Max(0, elapsed);
        // Unknown: the chance that a wait of unknown scale, already this old, lasts so much longer is elapsed/(elapsed + further) (Gott 1993).
        double prior = elapsed > 0 ? elapsed / (elapsed + further) : 0;
        return _estimator.Survival(chain, elapsed, elapsed + further, prior);
    }
}
