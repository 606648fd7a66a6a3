using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Astraea.Core.Prediction;
using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Model;
using Astraea.Simulator.Running;
using Astraea.Simulator.Statistics;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Reports;

/// <summary>Runs cases: every one once, whichever experiments ask for it.</summary>
public sealed class LabBench
{
    private const double SamplesPerRun = 500;
    private const int SampleJobs = 300;

    private readonly SimulationRun _run;
    private readonly LabOptions _options;
    private readonly Saturation _saturation;
    private readonly ConcurrentDictionary<string, LabPoint> _points = new();
    private readonly ConcurrentDictionary<string, Lazy<Predictors>> _trained = new();

    /// <summary>A bench with one kind of worker.</summary>
    public LabBench(SimulationRun run, LabOptions options, HardwareProfile hardware)
    {
        (_run, _options, Hardware) = (run, options, hardware);
        _saturation = new Saturation(run, 1);
    }

    /// <summary>Every worker is one of these.</summary>
    public HardwareProfile Hardware { get; }

    /// <summary>Runs one scenario, for measurements of the simulator itself.</summary>
    public RunResult Run(Scenario scenario, CancellationToken cancellation) => _run(scenario, cancellation);

    /// <summary>λ_sat of one worker for a half of a workload.</summary>
    public SaturatedRate Saturated(SessionWorkload sessions, CancellationToken cancellation) => _saturation.Of(sessions, Hardware, cancellation);

    /// <summary>The same under another policy.</summary>
    public SaturatedRate Saturated(SessionWorkload sessions, LabPolicy policy, CancellationToken cancellation) =>
        _saturation.Of(sessions, Hardware, policy.Label, policy.Create, cancellation);

    /// <summary>What came of a case that was run.</summary>
    public LabPoint this[LabCase wanted] => _points[wanted.Key];

    /// <summary>What came of a case; null when it has not been run.</summary>
    public LabPoint? Find(LabCase wanted) => _points.GetValueOrDefault(wanted.Key);

    /// <summary>Measures λ_sat of everything that the cases need, and says how long they will take (s of wall clock).</summary>
    public double Prepare(IReadOnlyCollection<LabCase> cases, IRunProgress progress, CancellationToken cancellation)
    {
        progress.Stage("what a worker can do at most");
        SessionWorkload[] needed = [.. cases.Select(static c => c.Sessions).DistinctBy(static s => s.Name)];
        progress.More(needed.Length);
        var secondsPerSegment = new ConcurrentDictionary<string, double>();
        Parallel.ForEach(needed, new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = cancellation }, sessions =>
        {
            Saturated(sessions, cancellation);
            // One short run tells how fast this workload is simulated.
            LabCase sample = cases.First(c => c.Sessions.Name == sessions.Name) with { Policy = LabPolicies.Ours, Workers = 1, Twist = LabTwist.None };
            Scenario scenario = Make(sample with { Workload = sample.Workload with { Jobs = SampleJobs } }, 1, cancellation);
            Stopwatch watch = Stopwatch.StartNew();
            long segments = _run(scenario, cancellation).Totals.Segments;
            secondsPerSegment[sessions.Name] = watch.Elapsed.TotalSeconds / Math.Max(1, segments);
            progress.Done();
        });
        return cases.Sum(c => _options.Seeds * c.Workload.Jobs * 1.3 * SegmentsPerJob(c.Sessions) * secondsPerSegment[c.Sessions.Name]) / _options.Parallel;
    }

    /// <summary>Runs cases that have not been run.</summary>
    public void Measure(IEnumerable<LabCase> cases, IRunProgress progress, CancellationToken cancellation)
    {
        LabCase[] open = [.. cases.DistinctBy(static c => c.Key).Where(c => !_points.ContainsKey(c.Key))];
        // Long ones first, so that no core waits for another at the end.
        LabCase[] order = [.. open.OrderByDescending(static c => c.Workload.Jobs * SegmentsPerJob(c.Sessions) * c.Load)];
        Func<Scenario>[] runs = [.. order.SelectMany(c => Enumerable.Range(1, _options.Seeds).Select(seed => (Func<Scenario>)(() => Make(c, (ulong)seed, cancellation))))];
        (RunFigures Figures, RunResult? Full)[] results = new RunBatch(_run, _options.Parallel).All(
            runs, static (s, r) => (RunFigures.Of(s, r), s.Seed == 1 ? r : null), progress, cancellation);
        for (int i = 0; i < order.Length; i++)
        {
            ImmutableArray<RunFigures> figures = [.. results.Skip(i * _options.Seeds).Take(_options.Seeds).Select(static r => r.Figures)];
            _points[order[i].Key] = new LabPoint(order[i], figures, results[i * _options.Seeds].Full!);
        }
    }

    /// <summary>The scenario of a case and a seed: the same arrivals for every policy.</summary>
    public Scenario Make(LabCase made, ulong seed, CancellationToken cancellation)
    {
        LabTwist twist = made.Twist;
        double rate = made.Load * made.Workers * Saturated(made.Sessions, cancellation).SessionsPerSecond;
        // More workers, more jobs: what is measured should last about as long.
        int jobs = made.Workload.Jobs * (int)Math.Ceiling(Math.Sqrt(made.Workers));
        Traffic traffic = Traffic.Make(made.Sessions, new Demand(rate, jobs) { Pattern = twist.Pattern, Tenants = twist.Tenants }, Hardware, seed);
        return traffic.Into(new Scenario(Hardware, made.Workers, made.Policy.Create(), [], seed)
        {
            Foresight = made.Policy.Foresight,
            Trained = twist.Untrained ? null : Trained(made.Workload),
            PredictionNoise = twist.Noise,
            CategoriesMissing = twist.CategoriesMissing,
            Outages = twist.Outage ? [new Outage(0, traffic.MeasureUntil * 0.5, traffic.MeasureUntil * 0.05)] : [],
            SampleEverySeconds = traffic.MeasureUntil / SamplesPerRun,
        });
    }

    private Predictors Trained(LabWorkload workload) =>
        _trained.GetOrAdd(workload.Name, _ => new(() => TrainedPredictors.From(workload.Tuned, Hardware))).Value;

    private static double SegmentsPerJob(SessionWorkload sessions) => sessions.Sessions.Sum(SessionMeasures.Segments) / (double)sessions.Sessions.Sum(static s => s.Jobs.Length);
}
