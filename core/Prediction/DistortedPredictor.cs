using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Prediction;

/// <summary>A predictor that is off by a factor of its own for each request: how much a policy leans on predictions shows under it.</summary>
/// <param name="inner">Who is distorted.</param>
/// <param name="factor">Positive; always the same for the same request. Lognormal in the laboratory, which draws it.</param>
public sealed class DistortedPredictor(IPredictor inner, Func<RequestId, double> factor) : IPredictor
{
    /// <inheritdoc/>
    public Predictors Learned => inner.Learned;

    /// <inheritdoc/>
    public double OutputTotal(RequestStatus status)
    {
        double total = inner.OutputTotal(status) * factor(status.Request);
        // Clients state limits; those are known however bad the prediction is.
        if (status.MaxOutputTokens > 0)
            total = Math.Min(total, status.MaxOutputTokens);
        return Math.Max(Math.Max(total, status.MinOutputTokens), status.OutputTokens + 1.0);
    }

    /// <inheritdoc/>
    public double WorkAfter(RequestStatus status, int ordinal, CostProfile costs) => inner.WorkAfter(status, ordinal, costs) * factor(status.Request);

    /// <inheritdoc/>
    public double ToolAfter(RequestStatus status) => inner.ToolAfter(status) * factor(status.Request);

    /// <inheritdoc/>
    public double ToolWorksOn(RequestStatus status, double elapsed, double further) =>
        inner.ToolWorksOn(status, elapsed, further / Math.Max(factor(status.Request), 1e-6));
}
