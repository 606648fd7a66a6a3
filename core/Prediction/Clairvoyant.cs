using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Prediction;

/// <summary>Knows everything: for bounds (SCHEDULING.md §4). What it does not know of it asks the learned ones.</summary>
public sealed class Clairvoyant(IKnownFuture future, Predictors learned) : IPredictor
{
    /// <inheritdoc/>
    public Predictors Learned => learned;

    /// <inheritdoc/>
    public double OutputTotal(RequestStatus status) => future.Segment(status.Request, status.Segment) is { } known
        ? Math.Max(known.OutputTokens, status.OutputTokens + 1.0)
        : learned.OutputTotal(status);

    /// <inheritdoc/>
    public double WorkAfter(RequestStatus status, int ordinal, CostProfile costs) => future.Segment(status.Request, ordinal) is { } known
        ? known.InputAfter * costs.PrefillSecondsPerToken + known.OutputAfter * costs.DecodeSecondsPerToken
        : learned.WorkAfter(status, ordinal, costs);

    /// <inheritdoc/>
    public double ToolAfter(RequestStatus status) => future.Segment(status.Request, status.Segment)?.ToolSeconds ?? learned.ToolAfter(status);

    /// <inheritdoc/>
    public double ToolWorksOn(RequestStatus status, double elapsed, double further) => future.Segment(status.Request, status.Segment) is { } known
        ? known.ToolSeconds > elapsed + further ? 1 : 0
        : learned.ToolWorksOn(status, elapsed, further);
}
