namespace Astraea.Core.Prediction;

/// <summary>Device seconds a request still needs after its current segment, learned online.</summary>
/// <remarks>
/// Several simple experts look at different sides of the progress: turn and last tool, attained service, growth of the context, the last two tools, and nothing but the
/// category. Each has its own estimate and its own record of errors; what is believed is their mean, weighted by the fourth power of the inverse error. Where no
/// side tells requests apart, the expert of nothing wins, R becomes a constant, and the order falls back on the segment at hand (SCHEDULING.md §3, idea 1).
/// </remarks>
public sealed class RemainingWork
{
    private const int Experts = 5;
    private const int ChainMax = 4;
    private const double ErrorsRemembered = 200;

    private readonly BackoffEstimator[] _estimators = new BackoffEstimator[Experts];
    private readonly double[] _errors = new double[Experts];
    private double _judged;
    private double _mean;

    /// <summary>Knows nothing.</summary>
    public RemainingWork()
    {
        for (int expert = 0; expert < Experts; expert++)
            _estimators[expert] = new BackoffEstimator();
    }

    private RemainingWork(RemainingWork other)
    {
        for (int expert = 0; expert < Experts; expert++)
        {
            _estimators[expert] = other._estimators[expert].Copy();
            _errors[expert] = other._errors[expert];
        }
        (_judged, _mean) = (other._judged, other._mean);
    }

    /// <summary>Another one that knows the same and goes on learning by itself.</summary>
    public RemainingWork Copy() => new(this);

    /// <summary>A request has completed, and after the segment at this progress it needed so many device seconds.</summary>
    public void Learn(in RequestProgress progress, double secondsAfter)
    {
        if (!(secondsAfter >= 0) || double.IsInfinity(secondsAfter))
            return;
        Span<ulong> chain = stackalloc ulong[ChainMax];
        _judged = Math.Min(_judged + 1, ErrorsRemembered);
        _mean += (secondsAfter - _mean) / _judged;
        for (int expert = 0; expert < Experts; expert++)
        {
            ReadOnlySpan<ulong> keys = chain[..Keys(chain, expert, progress)];
            // Judged before it learns, or it would be praised for repeating what it was told.
            double error = Error(Estimate(expert, keys, progress), secondsAfter);
            _errors[expert] += (error - _errors[expert]) / _judged;
            _estimators[expert].Learn(keys, secondsAfter);
        }
    }

    /// <summary>Expected device seconds after the segment (s). With nothing known, as much again as it has had.</summary>
    /// <remarks>The prior is the mean residual life of a heavy tail, which makes a new category least-attained-service (Autellix, arXiv 2502.13965 §4).</remarks>
    public double After(in RequestProgress progress)
    {
        if (_judged == 0)
            return Math.Max(0, progress.AttainedSeconds);
        Span<ulong> chain = stackalloc ulong[ChainMax];
        double weights = 0, sum = 0;
        for (int expert = 0; expert < Experts; expert++)
        {
            double precision = 1 / (_errors[expert] * _errors[expert] + 1e-4);
            double weight = precision * precision;
            sum += weight * Estimate(expert, chain[..Keys(chain, expert, progress)], progress);
            weights += weight;
        }
        return sum / weights;
    }

    private double Estimate(int expert, ReadOnlySpan<ulong> keys, in RequestProgress progress) =>
        _estimators[expert].Mean(keys, Math.Max(0, progress.AttainedSeconds));

    /// <summary>0 when equal, towards 1 the more they differ: relative, so that small requests count as much as large ones.</summary>
    /// <remarks>Beside a tenth of the mean: after a last segment nothing comes, and of nothing every prediction would be equally far.</remarks>
    private double Error(double predicted, double actual)
    {
        double sum = predicted + actual + 0.1 * _mean;
        return sum > 0 ? Math.Abs(predicted - actual) / sum : 0;
    }

    private static int Keys(Span<ulong> chain, int expert, in RequestProgress progress) => expert switch
    {
        0 => PredictionKeys.Segment(chain, progress.Category, progress.LastTool, progress.Ordinal),
        1 => PredictionKeys.Side(chain, progress.Category, PredictionKeys.Octave(progress.AttainedSeconds)),
        2 => PredictionKeys.Side(chain, progress.Category, PredictionKeys.Octave(progress.GrownTokens)),
        3 => PredictionKeys.Tools(chain, progress.Category, progress.LastTool, progress.ToolBefore),
        _ => PredictionKeys.Category(chain, progress.Category),
    };
}
