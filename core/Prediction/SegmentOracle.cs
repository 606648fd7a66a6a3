using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Prediction;

/// <summary>Knows the output length of the segment at hand; all else is learned. The oracle of the paper (arXiv 2512.14142 §4.2).</summary>
public sealed class SegmentOracle(IKnownFuture future, Predictors learned) : IPredictor
{
    /// <inheritdoc/>
    public Predictors Learned => learned;

    /// <inheritdoc/>
    public double OutputTotal(RequestStatus status) => future.Segment(status.Request, status.Segment) is { } known
        ? Math.Max(known.OutputTokens, status.OutputTokens + 1.0)
        : learned.OutputTotal(status);

    /// <inheritdoc/>
    public double WorkAfter(RequestStatus status, int ordinal, CostProfile costs) => learned.WorkAfter(status, ordinal, costs);

    /// <inheritdoc/>
    public double ToolAfter(RequestStatus status) => learned.ToolAfter(status);

    /// <inheritdoc/>
    public double ToolWorksOn(RequestStatus status, double elapsed, double further) => learned.ToolWorksOn(status, elapsed, further);
}
