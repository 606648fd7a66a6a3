using System.Collections.Immutable;
using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Planning;

/// <summary>What a scenario file asks.</summary>
public sealed record ScenarioPlan
{
    /// <summary>Name in tables.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of worker.</summary>
    public required HardwareProfile Hardware { get; init; }

    /// <summary>How many of them.</summary>
    public required int Workers { get; init; }

    /// <summary>Policies to compare.</summary>
    public required ImmutableArray<string> Policies { get; init; }

    /// <summary>Who comes.</summary>
    public required SessionWorkload Workload { get; init; }

    /// <summary>Loads as shares of λ_sat of all workers together; empty when a rate is given.</summary>
    public ImmutableArray<double> Loads { get; init; } = [];

    /// <summary>Sessions a second; null when loads are given.</summary>
    public double? SessionsPerSecond { get; init; }

    /// <summary>When they come.</summary>
    public ArrivalProcess Process { get; init; } = new ArrivalProcess.Poisson();

    /// <summary>What an adversary makes of it.</summary>
    public ArrivalPattern Pattern { get; init; }

    /// <summary>Whose they are: so many tenants at random.</summary>
    public int Tenants { get; init; } = 1;

    /// <summary>Jobs of a run, warm-up included.</summary>
    public int Jobs { get; init; } = 2_000;

    /// <summary>Runs of each point.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>The first seed.</summary>
    public ulong FirstSeed { get; init; } = 1;

    /// <summary>Where predictions come from.</summary>
    public Foresight Foresight { get; init; }

    /// <summary>By how much predictions are off (σ of the logarithm).</summary>
    public double PredictionNoise { get; init; }

    /// <summary>Whether predictors are not told what kind of agent it is.</summary>
    public bool CategoriesMissing { get; init; }

    /// <summary>Workers that fail.</summary>
    public ImmutableArray<Outage> Outages { get; init; } = [];

    /// <summary>What must be reached, and with how many workers at most that is sought; null for no search.</summary>
    public CapacityGoal? Goal { get; init; }
}

/// <summary>What a user wants: the smallest number of workers that keeps a percentile below a value.</summary>
/// <param name="SlowdownP99">99th percentile of the slowdown at most; null for any.</param>
/// <param name="JctP99Seconds">99th percentile of the completion time at most (s); null for any.</param>
/// <param name="WorkersMax">Searched up to here.</param>
public sealed record CapacityGoal(double? SlowdownP99, double? JctP99Seconds, int WorkersMax);
