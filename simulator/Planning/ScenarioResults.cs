using System.Collections.Immutable;
using Astraea.Simulator.Model;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Planning;

/// <summary>What came of a scenario.</summary>
/// <param name="Plan">What was asked.</param>
/// <param name="SaturatedSessionsPerSecond">λ_sat of one worker (sessions/s).</param>
/// <param name="Points">Every load and policy.</param>
/// <param name="Needed">For each policy what the goal takes; empty without a goal.</param>
public sealed record ScenarioResults(ScenarioPlan Plan, double SaturatedSessionsPerSecond, ImmutableArray<ScenarioPoint> Points, ImmutableArray<CapacityAnswer> Needed);

/// <summary>A policy at a load, over all seeds.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Load">λ/λ_sat of all workers.</param>
/// <param name="Runs">One for each seed.</param>
/// <param name="First">The first seed in full: for pictures.</param>
public sealed record ScenarioPoint(string Policy, double Load, ImmutableArray<RunFigures> Runs, RunResult First)
{
    /// <summary>Whether means say nothing, because the backlog grew or jobs never ended.</summary>
    public bool IsUnstable => Backlog.IsUnstable([.. Runs.Select(static r => r.Growth)], Runs.Sum(static r => (long)r.Unfinished));

    /// <summary>A figure over the seeds.</summary>
    public Interval Of(Func<RunFigures, double> figure) => Interval.OfMean(Runs.Select(figure));
}

/// <summary>How many workers a policy needs.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Workers">The smallest number that meets the goal; null when the largest allowed does not.</param>
/// <param name="Tried">What was tried: workers, 99th percentiles, whether stable.</param>
public sealed record CapacityAnswer(string Policy, int? Workers, ImmutableArray<CapacityTrial> Tried);

/// <summary>A number of workers that was tried.</summary>
/// <param name="Workers">How many.</param>
/// <param name="SlowdownP99">Mean over seeds of the 99th percentile of the slowdown.</param>
/// <param name="JctP99Seconds">The same of the completion time (s).</param>
/// <param name="Unstable">Whether the backlog grew.</param>
public readonly record struct CapacityTrial(int Workers, double SlowdownP99, double JctP99Seconds, bool Unstable)
{
    /// <summary>Whether this is good enough.</summary>
    public bool Meets(CapacityGoal goal) =>
        !Unstable && (goal.SlowdownP99 is not { } slowdown || SlowdownP99 <= slowdown) && (goal.JctP99Seconds is not { } jct || JctP99Seconds <= jct);
}
