using System.Collections.Immutable;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;

namespace Astraea.Simulator.Model;

/// <summary>Where predictions come from.</summary>
public enum Foresight
{
    /// <summary>Learned online, starting from what the scenario brings along.</summary>
    Learned,

    /// <summary>Output lengths of the current segment are known, all else is learned (the paper's oracle).</summary>
    Segment,

    /// <summary>Everything is known: remaining work of the whole job and tool times. A bound, not a policy.</summary>
    Clairvoyant,
}

/// <summary>One run: sessions, workers, a policy, a seed. Equal scenarios give equal results, bit by bit.</summary>
/// <param name="Hardware">Of every worker.</param>
/// <param name="Workers">How many.</param>
/// <param name="Policy">Order and KV decisions.</param>
/// <param name="Sessions">By arrival.</param>
/// <param name="Seed">Of whatever the run draws.</param>
public sealed record Scenario(HardwareProfile Hardware, int Workers, ISchedulingPolicy Policy, ImmutableArray<SimulatedSession> Sessions, ulong Seed)
{
    /// <summary>Bounds of the scheduler.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>Where predictions come from.</summary>
    public Foresight Foresight { get; init; } = Foresight.Learned;

    /// <summary>Predictors learned from other sessions before; they are copied, and go on learning. Null starts from nothing.</summary>
    public Predictors? Trained { get; init; }

    /// <summary>Standard deviation of the logarithm by which every prediction is off, drawn once for each request; 0 for none.</summary>
    public double PredictionNoise { get; init; }

    /// <summary>Whether categories are hidden from the predictors.</summary>
    public bool CategoriesMissing { get; init; }

    /// <summary>Outages: a worker forgets all KV and its leases, and is back after a while.</summary>
    public ImmutableArray<Outage> Outages { get; init; } = [];

    /// <summary>Jobs that arrive before this are run but not measured (virtual s).</summary>
    public double MeasureFrom { get; init; }

    /// <summary>Jobs that arrive after this are run but not measured: they keep the load up until the measured ones have ended (virtual s).</summary>
    public double MeasureUntil { get; init; } = double.PositiveInfinity;

    /// <summary>The run stops here, whatever is open (virtual s).</summary>
    public double StopAt { get; init; } = double.PositiveInfinity;

    /// <summary>How often memory tiers and the backlog are sampled (virtual s); 0 for never.</summary>
    public double SampleEverySeconds { get; init; }
}

/// <summary>A worker is away.</summary>
/// <param name="Worker">Which, from 0.</param>
/// <param name="AtSeconds">From (virtual s).</param>
/// <param name="ForSeconds">For (s).</param>
public readonly record struct Outage(int Worker, double AtSeconds, double ForSeconds);
