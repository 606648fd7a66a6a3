using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Tests.Cluster;

/// <summary>Small hardware, small sessions, and policies whose answers are known.</summary>
internal static class Runs
{
    public static HardwareProfile Hardware { get; } = new(
        "small", 1024, 16, 256, 1024, 4_000, 16, 64, new StepCost(0.01, 1e-4, 2e-4, 1e-8, 1e-7), 50_000, 20_000);

    /// <summary>Sessions of a few jobs with a few segments each, arriving one after the other.</summary>
    public static ImmutableArray<SimulatedSession> Sessions(ulong seed, int count, double apart, int jobs = 2, string? prefix = null)
    {
        SeededGenerator draws = new(seed);
        var sessions = ImmutableArray.CreateBuilder<SimulatedSession>();
        double at = 0;
        for (int i = 0; i < count; i++)
        {
            at += apart * draws.NextExponential();
            int context = 0;
            var made = ImmutableArray.CreateBuilder<SimulatedJob>();
            for (int job = 0; job < jobs; job++)
            {
                var segments = ImmutableArray.CreateBuilder<SimulatedSegment>();
                int turns = 1 + draws.NextInt(4);
                for (int turn = 0; turn < turns; turn++)
                {
                    // Now and then a context is compacted.
                    int kept = draws.NextInt(8) == 0 ? context / 2 : context;
                    SimulatedSegment segment = new(
                        kept, (context == 0 ? 200 : 5) + draws.NextInt(60), 1 + draws.NextInt(40), turn < turns - 1 ? "tool" : null,
                        turn < turns - 1 ? draws.NextExponential() : 0);
                    context = kept + segment.New + segment.Output;
                    segments.Add(segment);
                }
                made.Add(new SimulatedJob(job == 0 ? 0 : 2 * draws.NextExponential(), segments.ToImmutable()));
            }
            sessions.Add(new SimulatedSession($"s{i}", $"t{i % 3}", i % 2 == 0 ? "even" : "odd", at, prefix, prefix is null ? 0 : 150, made.ToImmutable()));
        }
        return sessions.ToImmutable();
    }

    public static Scenario Scenario(ImmutableArray<SimulatedSession> sessions, ISchedulingPolicy? policy = null, int workers = 1) =>
        new(Hardware, workers, policy ?? new HierarchicalHrrn(), sessions, 1);

    public static long Segments(Scenario scenario) => scenario.Sessions.Sum(static s => s.Jobs.Sum(static j => (long)j.Segments.Length));

    public static long Output(Scenario scenario) => scenario.Sessions.Sum(static s => s.Jobs.Sum(static j => j.Segments.Sum(static g => (long)g.Output)));
}

/// <summary>First come, first served, and KV is never given up while its agent waits.</summary>
internal sealed class KeepingPolicy : ISchedulingPolicy, IKvPolicy
{
    public string Name => "keeping";

    public IKvPolicy Kv => this;

    public bool LowerQueuesFill => true;

    public bool BatchSynchronous => false;

    public bool PreemptsRunning => false;

    public double GuardShare => 0;

    public double GuardAfter => double.PositiveInfinity;

    public bool PrefixCache => true;

    public bool HostTier => true;

    public bool WritesBack => true;

    public KvRelease AfterSwap => KvRelease.Recent;

    public double WatchedPressure => double.PositiveInfinity;

    public Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => new(0, 0, inputs.Arrival, inputs.Request);

    public int Level(in LevelInputs inputs, Instant now) => 0;

    public KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now) =>
        new(KvDecision.Preserve, "always", now + TimeSpan.FromHours(1));
}
