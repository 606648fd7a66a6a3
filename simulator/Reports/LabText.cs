using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Reports;

/// <summary>How figures are written in tables.</summary>
internal static class LabText
{
    /// <summary>A figure of a point, or that there is none.</summary>
    public static string Figure(LabPoint point, Func<RunFigures, double> figure, string format) => point.IsUnstable ? "unstable" : point.Of(figure).ToText(format);

    /// <summary>The mean alone.</summary>
    public static string Mean(LabPoint point, Func<RunFigures, double> figure, string format) => point.IsUnstable ? "unstable" : point.Of(figure).Mean.ToString(format);

    /// <summary>A paired ratio, or that there is none.</summary>
    public static string Ratio(LabPoint point, LabPoint other, Func<RunFigures, double> figure) =>
        point.IsUnstable || other.IsUnstable ? "–" : point.Over(other, figure).ToText("0.000");

    /// <summary>A ratio as a change.</summary>
    public static string Change(Interval ratio) => $"{Percent(ratio.Mean)} ({Percent(ratio.Low)} to {Percent(ratio.High)})";

    /// <summary>The usual columns of a policy at a load.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["policy", "S, s", "S / program-fcfs", "mean JCT, s", "slowdown", "p99 slowdown", "p95 JCT, s", "p99 JCT, s", "tokens/s", "busy", "recomputed", "swapped MB/segment", "stalled"];

    /// <summary>A row of them.</summary>
    public static IReadOnlyList<string> Row(LabPoint point, LabPoint unit)
    {
        if (point.IsUnstable)
            return [point.Case.Policy.Label, "unstable", .. Enumerable.Repeat("–", Columns.Count - 2)];
        return
        [
            point.Case.Policy.Label, point.Of(static f => f.SchedulableSeconds).ToText("0.00"), Ratio(point, unit, static f => f.SchedulableSeconds),
            Mean(point, static f => f.JctSeconds, "0.0"), Mean(point, static f => f.Slowdown, "0.00"), Mean(point, static f => f.SlowdownP99, "0.0"),
            Mean(point, static f => f.JctP95, "0.0"), Mean(point, static f => f.JctP99, "0.0"), Mean(point, static f => f.OutputTokensPerSecond, "0"),
            Mean(point, static f => f.BusyShare, "0%"), Mean(point, static f => f.RecomputedShare, "0.0%"),
            Mean(point, static f => f.SwappedBytesPerSegment / 1e6, "0.0"), Mean(point, static f => f.StalledShare, "0.0%"),
        ];
    }

    private static string Percent(double ratio) => (ratio - 1).ToString("+0.0%;−0.0%");
}
