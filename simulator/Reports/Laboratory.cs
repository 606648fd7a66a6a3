using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Astraea.Simulator.Hardware;
using Astraea.Simulator.Reports.Experiments;
using Astraea.Simulator.Running;
using Astraea.Simulator.Workloads;
using Astraea.Simulator.Workloads.Traces;

namespace Astraea.Simulator.Reports;

/// <summary>All experiments and the report that they make (SCHEDULING.md §6, §7).</summary>
/// <param name="run">Runs one scenario.</param>
/// <param name="options">How thoroughly.</param>
public sealed class Laboratory(SimulationRun run, LabOptions options)
{
    private const int SyntheticSessionsCount = 3_000;
    private const ulong Seed = 1;

    /// <summary>The experiments there are.</summary>
    public static ImmutableArray<ILabExperiment> Experiments { get; } =
    [
        new Reproduction(),
        new StrongGoal(),
        new Moonshot(),
        new Robustness(),
        new OneChange(
            "ablation", "Ablations of our policy", "The default against itself with one thing changed.", 0.9, SessionHalf.Reported, LabPolicies.Ablations),
        new OneChange(
            "sweep", "The paper's unpublished parameters", "`astraea-paper` with the segment oracle.", 0.85, SessionHalf.Tuned, LabPolicies.PaperSweep),
        new Cost(),
    ];

    /// <summary>Runs what was asked for.</summary>
    /// <param name="folder">Where pictures go.</param>
    /// <param name="command">The command line, for the report.</param>
    /// <param name="progress">Shows how far it is.</param>
    /// <param name="say">Told how long it will take.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The report.</returns>
    public string Write(string folder, string command, IRunProgress progress, Action<string> say, CancellationToken cancellation)
    {
        Stopwatch watch = Stopwatch.StartNew();
        LabBench bench = new(run, options, HardwareProfiles.H100With8B);
        LabSetting setting = Setting(bench);
        ILabExperiment[] experiments = [.. Experiments.Where(e => options.Only.IsEmpty || options.Only.Contains(e.Name))];
        LabCase[] cases = [.. experiments.SelectMany(e => e.Cases(setting)).DistinctBy(static c => c.Key)];
        double seconds = bench.Prepare(cases, progress, cancellation);
        say($"{cases.Length} points × {options.Seeds} seeds; about {TimeSpan.FromSeconds(seconds):h\\:mm\\:ss} on {options.Parallel} core(s).");
        progress.Stage("runs");
        bench.Measure(cases, progress, cancellation);
        progress.Stage("report");
        LabSheet sheet = new(new Markdown(), folder);
        Head(sheet.Text, setting, command, cancellation);
        foreach (ILabExperiment experiment in experiments)
            experiment.Write(setting, sheet, cancellation);
        sheet.Text.Say($"Made in {watch.Elapsed:h\\:mm\\:ss} on {options.Parallel} core(s) ({RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}).");
        return sheet.Text.ToString();
    }

    private LabSetting Setting(LabBench bench)
    {
        LabWorkload Load(string trace, string synthetic, double jobsShare) =>
            LabWorkload.Of(Source(trace, synthetic), bench.Hardware.ContextTokensMax, Math.Max(100, (int)(options.Jobs * jobsShare)));
        // A coding agent's job has ten times the calls of a chat's: fewer of them say as much, and take as long.
        LabWorkload mixture = Load("infercept_mix", SyntheticSessions.InferCept, 1), coding = Load("claude_code_sessions", SyntheticSessions.Coding, 0.4);
        LabWorkload service = Load("tau_airline_gpt4o", SyntheticSessions.Service, 1);
        SessionWorkload skewed = SessionMix.Of([(Both(coding), 0.15), (Both(service), 0.85)], Seed) with { Name = "skewed" };
        return new LabSetting(options, bench, mixture, coding, service, LabWorkload.Of(skewed, bench.Hardware.ContextTokensMax, options.Jobs));
    }

    private static SessionWorkload Both(LabWorkload workload) => workload.Reported with { Sessions = [.. workload.Tuned.Sessions, .. workload.Reported.Sessions] };

    private SessionWorkload Source(string trace, string synthetic)
    {
        if (options.Traces is { } folder)
        {
            foreach (string ending in (string[])[".jsonl.gz", ".jsonl"])
            {
                string path = Path.Combine(folder, trace + ending);
                if (File.Exists(path))
                    return TraceFile.Read(path, Seed);
            }
            throw new TraceException($"{folder}: there is no {trace}.jsonl.gz");
        }
        return SyntheticSessions.Create(synthetic, Seed, SyntheticSessionsCount);
    }

    private void Head(Markdown text, LabSetting setting, string command, CancellationToken cancellation)
    {
        text.Heading(1, "Scheduling laboratory");
        text.Say($"{DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} · virtual time, {setting.Bench.Hardware.Name} (docs/adr/0011-hardware-profiles.md) · {options.Jobs} jobs a run, {options.Seeds} seeds; all intervals 95 %, ratios paired by seed.");
        text.Code(command);
        text.Say("The first fifth of a run warms up; arrivals go on until all measured jobs have ended. *Unstable* means that the backlog grew in the second half of the measurement, or that jobs never ended. S: mean time of a job without its tools.");
        text.Table(
            ["workload", "sessions (tuned / reported)", "jobs a session", "calls a job", "λ_sat, jobs/s a worker", "compute done a second"],
            new[] { setting.InferCept, setting.Coding, setting.Service, setting.Skewed }.Select(w =>
            {
                double sessions = w.Reported.Sessions.Length, jobs = w.Reported.Sessions.Sum(static s => s.Jobs.Length), calls = w.Reported.Sessions.Sum(SessionMeasures.Segments);
                var rate = setting.Bench.Saturated(w.Reported, cancellation);
                return (IReadOnlyList<string>)[w.Name, $"{w.Tuned.Sessions.Length} / {sessions}", (jobs / sessions).ToString("0.0"), (calls / jobs).ToString("0.0"), rate.JobsPerSecond.ToString("0.000"), rate.WorkPerSecond.ToString("0.00")];
            }));
        text.Points(new[] { setting.InferCept, setting.Coding, setting.Service }.SelectMany(static w => w.Reported.Notes.Select(n => $"{w.Name}: {n}")));
    }
}
