using System.Collections.Immutable;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Model;
using Astraea.Simulator.Statistics;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Reports;

/// <summary>A policy as it is entered in a comparison.</summary>
/// <param name="Label">Name in tables; tells it from every other entry.</param>
/// <param name="Create">Makes it.</param>
public sealed record LabPolicy(string Label, Func<ISchedulingPolicy> Create)
{
    /// <summary>What it knows.</summary>
    public Foresight Foresight { get; init; } = Foresight.Learned;

    /// <summary>The policy of that name, with its default parameters.</summary>
    public static LabPolicy Named(string name) => new(name, () => SchedulingPolicies.Create(name));
}

/// <summary>What is unusual about a case.</summary>
/// <param name="Name">Name in tables.</param>
public sealed record LabTwist(string Name)
{
    /// <summary>Nothing.</summary>
    public static LabTwist None { get; } = new("as measured");

    /// <summary>What an adversary makes of the arrivals.</summary>
    public ArrivalPattern Pattern { get; init; }

    /// <summary>Tenants.</summary>
    public int Tenants { get; init; } = 1;

    /// <summary>σ of the logarithm by which predictions are off.</summary>
    public double Noise { get; init; }

    /// <summary>Whether categories are hidden.</summary>
    public bool CategoriesMissing { get; init; }

    /// <summary>Whether predictors start from nothing.</summary>
    public bool Untrained { get; init; }

    /// <summary>Whether the first worker is away for a tenth of the measurement.</summary>
    public bool Outage { get; init; }
}

/// <summary>A point that is measured with every seed.</summary>
/// <param name="Workload">Sessions.</param>
/// <param name="Half">Which of them.</param>
/// <param name="Policy">Policy.</param>
/// <param name="Load">λ/λ_sat of all workers.</param>
/// <param name="Workers">How many.</param>
/// <param name="Twist">What is unusual.</param>
public sealed record LabCase(LabWorkload Workload, SessionHalf Half, LabPolicy Policy, double Load, int Workers, LabTwist Twist)
{
    /// <summary>A usual case: one worker, the reported half.</summary>
    public LabCase(LabWorkload workload, LabPolicy policy, double load) : this(workload, SessionHalf.Reported, policy, load, 1, LabTwist.None) { }

    /// <summary>The same key, the same runs.</summary>
    public string Key => $"{Workload.Name}|{Half}|{Policy.Label}|{Load:0.####}|{Workers}|{Twist.Name}";

    /// <summary>The sessions it draws from.</summary>
    public SessionWorkload Sessions => Half == SessionHalf.Tuned ? Workload.Tuned : Workload.Reported;
}

/// <summary>What came of a case.</summary>
/// <param name="Case">Which.</param>
/// <param name="Runs">One for each seed.</param>
/// <param name="First">The first seed in full: for pictures.</param>
public sealed record LabPoint(LabCase Case, ImmutableArray<RunFigures> Runs, RunResult First)
{
    /// <summary>Whether means say nothing.</summary>
    public bool IsUnstable { get; } = Backlog.IsUnstable([.. Runs.Select(static r => r.Growth)], Runs.Sum(static r => (long)r.Unfinished));

    /// <summary>A figure of every seed.</summary>
    public double[] Each(Func<RunFigures, double> figure) => [.. Runs.Select(figure)];

    /// <summary>A figure over the seeds.</summary>
    public Interval Of(Func<RunFigures, double> figure) => Interval.OfMean(Runs.Select(figure));

    /// <summary>A figure in units of another point's, seed by seed.</summary>
    public Interval Over(LabPoint other, Func<RunFigures, double> figure) => Interval.OfPairs(Each(figure), other.Each(figure));
}
