using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Prediction;

/// <summary>All that is learned online, and how pictures of requests feed it.</summary>
public sealed class Predictors : IPredictor
{
    /// <summary>Output lengths.</summary>
    public OutputLength Output { get; private init; } = new();

    /// <summary>Tool durations.</summary>
    public ToolDuration Tool { get; private init; } = new();

    /// <summary>Work left in requests.</summary>
    public RemainingWork Remaining { get; private init; } = new();

    /// <summary>Tools to come.</summary>
    public ToolAhead Ahead { get; private init; } = new();

    /// <summary>Others that know the same and go on learning by themselves.</summary>
    public Predictors Copy() => new() { Output = Output.Copy(), Tool = Tool.Copy(), Remaining = Remaining.Copy(), Ahead = Ahead.Copy() };

    /// <inheritdoc/>
    public Predictors Learned => this;

    /// <inheritdoc/>
    public double OutputTotal(RequestStatus status) => Output.Total(
        status.Category, ToolBefore(status, status.Segment), status.Segment, status.OutputTokens, status.MinOutputTokens, status.MaxOutputTokens);

    /// <inheritdoc/>
    public double WorkAfter(RequestStatus status, int ordinal, CostProfile costs) =>
        Remaining.After(RequestProgress.At(status, ordinal));

    /// <inheritdoc/>
    public double ToolAfter(RequestStatus status) => Ahead.Seconds(status.Category, ToolBefore(status, status.Segment), status.Segment);

    /// <inheritdoc/>
    public double ToolWorksOn(RequestStatus status, double elapsed, double further) =>
        Tool.StillWorksAfter(status.Category, status.Tool, elapsed, further);

    /// <summary>The tool whose result a segment reads, or null for the first segment.</summary>
    public static string? ToolBefore(RequestStatus status, int ordinal) =>
        ordinal >= 1 && ordinal <= status.Ended.Length ? status.Ended[ordinal - 1].Tool : null;

    /// <summary>Learns the segments and tools of a picture that were not learned before.</summary>
    /// <param name="status">The picture.</param>
    /// <param name="segments">Segments of this request learned before.</param>
    /// <param name="tools">Segments of this request whose tool was learned before.</param>
    /// <returns>The same two counts, now.</returns>
    public (int Segments, int Tools) Learn(RequestStatus status, int segments, int tools)
    {
        for (; segments < status.Ended.Length; segments++)
            Output.Learn(status.Category, ToolBefore(status, segments), segments, status.Ended[segments].OutputTokens);
        for (; tools < status.Ended.Length; tools++)
        {
            SegmentOutcome outcome = status.Ended[tools];
            if (outcome.Tool is null)
                continue;
            if (outcome.ToolSeconds is not { } seconds)
                break;
            Tool.Learn(status.Category, outcome.Tool, seconds);
            Ahead.Learn(status.Category, ToolBefore(status, tools), tools, seconds);
        }
        return (segments, tools);
    }

    /// <summary>Learns how much work each segment of a completed request still had behind it.</summary>
    /// <remarks>Requests that were cancelled or failed say nothing about how long the work would have been.</remarks>
    public void LearnCompleted(RequestStatus status)
    {
        if (status.Ended.Length > 0)
            Ahead.Learn(status.Category, ToolBefore(status, status.Ended.Length - 1), status.Ended.Length - 1, 0);
        double after = 0;
        for (int ordinal = status.Ended.Length - 1; ordinal >= 0; ordinal--)
        {
            Remaining.Learn(RequestProgress.At(status, ordinal), after);
            after += Math.Max(0, status.Ended[ordinal].DeviceSeconds);
        }
    }
}
