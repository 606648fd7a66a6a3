using System.Collections.Immutable;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Statistics;

/// <summary>A run in figures (SCHEDULING.md §6). Means over measured jobs.</summary>
public sealed record RunFigures
{
    /// <summary>Measured jobs that ended.</summary>
    public required int Jobs { get; init; }

    /// <summary>Measured jobs that did not.</summary>
    public required int Unfinished { get; init; }

    /// <summary>Mean job completion time (s).</summary>
    public required double JctSeconds { get; init; }

    /// <summary>What no policy can go below: tools and isolated compute (s).</summary>
    public required double FloorSeconds { get; init; }

    /// <summary>Mean schedulable time, S (s).</summary>
    public required double SchedulableSeconds { get; init; }

    /// <summary>Job completion time, median (s).</summary>
    public required double JctP50 { get; init; }

    /// <summary>Job completion time, 95th percentile (s).</summary>
    public required double JctP95 { get; init; }

    /// <summary>Job completion time, 99th percentile (s).</summary>
    public required double JctP99 { get; init; }

    /// <summary>Mean slowdown.</summary>
    public required double Slowdown { get; init; }

    /// <summary>Slowdown, 99th percentile.</summary>
    public required double SlowdownP99 { get; init; }

    /// <summary>Longest open wait of a segment in units of its isolated service: what the guard lane bounds.</summary>
    public required double LongestWaitRatio { get; init; }

    /// <summary>Output of the whole run (tokens/s).</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Device time with rows to compute, as a share of all.</summary>
    public required double BusyShare { get; init; }

    /// <summary>Device time lost waiting for copies, as a share of the busy time.</summary>
    public required double StalledShare { get; init; }

    /// <summary>Rows computed again, as a share of all input rows.</summary>
    public required double RecomputedShare { get; init; }

    /// <summary>Copied to the host tier and back, for each segment (By).</summary>
    public required double SwappedBytesPerSegment { get; init; }

    /// <summary>Moved to another worker (moves).</summary>
    public required long Migrations { get; init; }

    /// <summary>Running segments set aside.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Growth of the backlog.</summary>
    public required Interval Growth { get; init; }

    /// <summary>Mean slowdown by tenant.</summary>
    public required ImmutableSortedDictionary<string, double> TenantSlowdown { get; init; }

    /// <summary>Makes the figures of a run.</summary>
    /// <param name="scenario">What was run.</param>
    /// <param name="result">What came of it; at least one measured job ended.</param>
    public static RunFigures Of(Scenario scenario, RunResult result)
    {
        if (result.Jobs.IsEmpty)
            throw new ArgumentException("No measured job ended: there are no figures.", nameof(result));
        double[] jct = Quantiles.Sorted(result.Jobs.Select(static j => j.JctSeconds));
        double[] slowdown = Quantiles.Sorted(result.Jobs.Select(static j => j.Slowdown));
        RunTotals totals = result.Totals;
        double deviceSeconds = totals.EndSeconds * scenario.Workers;
        return new RunFigures
        {
            Jobs = result.Jobs.Length,
            Unfinished = result.Unfinished,
            JctSeconds = jct.Average(),
            FloorSeconds = result.Jobs.Average(static j => j.ToolSeconds + j.IsolatedSeconds),
            SchedulableSeconds = result.Jobs.Average(static j => j.SchedulableSeconds),
            JctP50 = Quantiles.Of(jct, 0.5),
            JctP95 = Quantiles.Of(jct, 0.95),
            JctP99 = Quantiles.Of(jct, 0.99),
            Slowdown = slowdown.Average(),
            SlowdownP99 = Quantiles.Of(slowdown, 0.99),
            LongestWaitRatio = result.Jobs.Max(static j => j.LongestWaitIsolatedSeconds > 0 ? j.LongestWaitSeconds / j.LongestWaitIsolatedSeconds : 0),
            OutputTokensPerSecond = Share(totals.OutputTokens, totals.EndSeconds),
            BusyShare = Share(totals.BusySeconds, deviceSeconds),
            StalledShare = Share(totals.StalledSeconds, totals.BusySeconds + totals.StalledSeconds),
            RecomputedShare = Share(totals.RecomputedTokens, totals.PrefillTokens),
            SwappedBytesPerSegment = Share((double)(totals.SwappedOutTokens + totals.SwappedInTokens) * scenario.Hardware.KvBytesPerToken, totals.Segments),
            Migrations = totals.Migrations,
            Preemptions = totals.Preemptions,
            Growth = Backlog.Growth(result.Samples, Math.Min(scenario.MeasureUntil, totals.EndSeconds)),
            TenantSlowdown = result.Jobs.GroupBy(j => scenario.Sessions[j.Session].Tenant, StringComparer.Ordinal)
                .ToImmutableSortedDictionary(static g => g.Key, static g => g.Average(static j => j.Slowdown), StringComparer.Ordinal),
        };
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
