using System.Collections.Immutable;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Model;
using Astraea.Simulator.Running;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Planning;

/// <summary>Runs what a scenario file asks: every policy at every load with every seed, then the search for the goal.</summary>
/// <param name="run">Runs one scenario.</param>
/// <param name="parallel">Runs at once.</param>
public sealed class ScenarioRunner(SimulationRun run, int parallel)
{
    private const double SamplesPerRun = 1_000;

    private readonly RunBatch _batch = new(run, parallel);

    /// <summary>Runs all of it.</summary>
    public ScenarioResults Run(ScenarioPlan plan, IRunProgress progress, CancellationToken cancellation)
    {
        progress.Stage("what a worker can do at most");
        progress.More(1);
        double saturated = new Saturation(run, plan.FirstSeed).Of(plan.Workload, plan.Hardware, cancellation).SessionsPerSecond;
        progress.Done();
        progress.Stage("policies");
        (string Policy, double Load)[] points = [.. Loads(plan, saturated).SelectMany(load => plan.Policies.Select(policy => (policy, load)))];
        Func<Scenario>[] runs = [.. points.SelectMany(p => Seeds(plan).Select(seed => Make(plan, p.Policy, p.Load * saturated * plan.Workers, plan.Workers, seed)))];
        (RunFigures Figures, RunResult? Full)[] results = _batch.All(runs, (s, r) => (RunFigures.Of(s, r), s.Seed == plan.FirstSeed ? r : null), progress, cancellation);
        ImmutableArray<ScenarioPoint> made = [.. points.Select((p, i) => new ScenarioPoint(
            p.Policy, p.Load, [.. results.Skip(i * plan.Seeds).Take(plan.Seeds).Select(static r => r.Figures)], results[i * plan.Seeds].Full!))];
        return new ScenarioResults(plan, saturated, made, Search(plan, saturated, progress, cancellation));
    }

    private static ImmutableArray<double> Loads(ScenarioPlan plan, double saturated) =>
        plan.SessionsPerSecond is { } rate ? [rate / (saturated * plan.Workers)] : plan.Loads;

    private static IEnumerable<ulong> Seeds(ScenarioPlan plan) => Enumerable.Range(0, plan.Seeds).Select(i => plan.FirstSeed + (ulong)i);

    private static Func<Scenario> Make(ScenarioPlan plan, string policy, double sessionsPerSecond, int workers, ulong seed) => () =>
    {
        Demand demand = new(sessionsPerSecond, plan.Jobs) { Process = plan.Process, Pattern = plan.Pattern, Tenants = plan.Tenants };
        Traffic traffic = Traffic.Make(plan.Workload, demand, plan.Hardware, seed);
        return traffic.Into(new Scenario(plan.Hardware, workers, SchedulingPolicies.Create(policy), [], seed)
        {
            Foresight = plan.Foresight,
            PredictionNoise = plan.PredictionNoise,
            CategoriesMissing = plan.CategoriesMissing,
            Outages = [.. plan.Outages.Where(o => o.Worker < workers)],
            SampleEverySeconds = traffic.MeasureUntil / SamplesPerRun,
        });
    };

    private ImmutableArray<CapacityAnswer> Search(ScenarioPlan plan, double saturated, IRunProgress progress, CancellationToken cancellation)
    {
        if (plan.Goal is not { } goal)
            return [];
        // With several loads the highest is what must be carried.
        double rate = Loads(plan, saturated).Max() * saturated * plan.Workers;
        int from = (int)Math.Ceiling(rate / saturated * 0.5);
        return [.. plan.Policies.Select(policy =>
        {
            progress.Stage($"workers for {policy}");
            (int? workers, IReadOnlyList<CapacityTrial> tried) = CapacitySearch.Find(from, goal, Attempt);
            return new CapacityAnswer(policy, workers, [.. tried]);

            CapacityTrial Attempt(int workers)
            {
                RunFigures[] figures = _batch.All([.. Seeds(plan).Select(seed => Make(plan, policy, rate, workers, seed))], RunFigures.Of, progress, cancellation);
                return new CapacityTrial(
                    workers, figures.Average(static f => f.SlowdownP99), figures.Average(static f => f.JctP99),
                    Backlog.IsUnstable([.. figures.Select(static f => f.Growth)], figures.Sum(static f => (long)f.Unfinished)));
            }
        })];
    }
}
