using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Pictures;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Reports.Experiments;

/// <summary>Ours against the best of everybody, on every agent workload at high load; the gap to the clairvoyant bound.</summary>
internal sealed class StrongGoal : ILabExperiment
{
    private static readonly LabPolicy[] _policies = [.. LabPolicies.Baselines, LabPolicies.Ours, .. LabPolicies.ProgramBounds, .. LabPolicies.OtherBounds];

    public string Name => "strong";

    public IEnumerable<LabCase> Cases(LabSetting setting) =>
        setting.Agents.SelectMany(w => setting.Options.GoalLoads.SelectMany(load => _policies.Select(p => new LabCase(w, p, load))));

    public void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation)
    {
        Markdown text = sheet.Text;
        text.Heading(2, "Against the best of everybody");
        text.Say("Goal: at least half of the gap between the best deployable baseline and the clairvoyant bound closed, p99 slowdown no worse than `program-fcfs`, at most 5 % less throughput.");
        var verdicts = new List<IReadOnlyList<string>>();
        foreach (LabWorkload workload in setting.Agents)
        {
            foreach (double load in setting.Options.GoalLoads)
                verdicts.Add(Contest.Of(setting.Bench, workload, load, 1).Verdict(load));
        }
        text.Table(["workload", "load", "best baseline", "its S, s", "ours, s", "bound, s", "gap closed", "ours / best", "p99 slowdown ours / program-fcfs"], verdicts);
        text.Say("Throughput with a backlog (compute done per second of device time, alone on an idle worker = 1):");
        text.Table(
            ["workload", "program-fcfs", "astraea", "ratio"],
            setting.Agents.Select(w =>
            {
                SaturatedRate fcfs = setting.Bench.Saturated(w.Reported, cancellation), ours = setting.Bench.Saturated(w.Reported, LabPolicies.Ours, cancellation);
                return (IReadOnlyList<string>)[w.Name, fcfs.WorkPerSecond.ToString("0.00"), ours.WorkPerSecond.ToString("0.00"), (ours.WorkPerSecond / fcfs.WorkPerSecond).ToString("0.000")];
            }));
        foreach (LabWorkload workload in setting.Agents)
            Section(setting, sheet, workload);
    }

    private static void Section(LabSetting setting, LabSheet sheet, LabWorkload workload)
    {
        sheet.Text.Heading(3, setting.Place(workload));
        foreach (double load in setting.Options.GoalLoads)
        {
            LabPoint unit = setting.Bench[new LabCase(workload, LabPolicies.ProgramFcfs, load)];
            sheet.Text.Say($"Load {load:0.00}:");
            sheet.Text.Table(LabText.Columns, _policies.Select(p => LabText.Row(setting.Bench[new LabCase(workload, p, load)], unit)));
        }
        double shownLoad = setting.Options.GoalLoads.Contains(0.9) ? 0.9 : setting.Options.GoalLoads[^1];
        string[] pictured = ["vllm-apc-host", "program-fcfs", "thunderagent", "mori", "astraea-paper", "astraea", "bound: srpt-program"];
        LabPoint[] shown = [.. _policies.Where(p => pictured.Contains(p.Label)).Select(p => setting.Bench[new LabCase(workload, p, shownLoad)]).Where(static p => !p.IsUnstable)];
        string at = $"{setting.Place(workload)}, load {shownLoad:0.00}";
        sheet.Show($"strong-{workload.Name}-slowdown", RunCharts.Distribution(at, "slowdown", shown.Select(static p => (p.Case.Policy.Label, p.First.Jobs.Select(static j => j.Slowdown)))));
        sheet.Show($"strong-{workload.Name}-by-size", RunCharts.SlowdownBySize(at, shown.Select(static p => (p.Case.Policy.Label, p.First.Jobs.AsEnumerable()))));
        foreach (LabPoint point in shown.Where(static p => p.Case.Policy == LabPolicies.Ours))
            sheet.Show($"strong-{workload.Name}-tiers", RunCharts.Tiers($"{at}, {point.Case.Policy.Label}", point.First.Samples, setting.Bench.Hardware.BlockTokens));
    }
}

/// <summary>Who is best where.</summary>
/// <param name="Best">The best deployable baseline that is stable; null when none is.</param>
/// <param name="Ours">Ours.</param>
/// <param name="Bound">The better of the bounds.</param>
/// <param name="Unit"><c>program-fcfs</c>.</param>
internal sealed record Contest(LabPoint? Best, LabPoint Ours, LabPoint? Bound, LabPoint Unit)
{
    /// <summary>Finds them among the cases that were run.</summary>
    public static Contest Of(LabBench bench, LabWorkload workload, double load, int workers)
    {
        LabPoint At(LabPolicy policy) => bench[new LabCase(workload, policy, load) with { Workers = workers }];
        return new Contest(
            Least(LabPolicies.Baselines.Select(p => bench.Find(new LabCase(workload, p, load) with { Workers = workers }))), At(LabPolicies.Ours),
            Least(LabPolicies.ProgramBounds.Select(At)), At(LabPolicies.ProgramFcfs));
    }

    /// <summary>A row of a table.</summary>
    public IReadOnlyList<string> Verdict(double load)
    {
        string closed = Best is null || Bound is null || Ours.IsUnstable
            ? "–"
            : GapClosed.Of(Best.Each(S), Ours.Each(S), Bound.Each(S)) is { } gap ? gap.ToText("0%") : "no gap: the bound is no better";
        return
        [
            Ours.Case.Workload.Name, load.ToString("0.00"), Best?.Case.Policy.Label ?? "none is stable", Best is null ? "–" : LabText.Mean(Best, S, "0.00"),
            LabText.Mean(Ours, S, "0.00"), Bound is null ? "–" : LabText.Mean(Bound, S, "0.00"), closed,
            Best is null ? "–" : LabText.Ratio(Ours, Best, S), LabText.Ratio(Ours, Unit, static f => f.SlowdownP99),
        ];
    }

    private static double S(RunFigures figures) => figures.SchedulableSeconds;

    private static LabPoint? Least(IEnumerable<LabPoint?> points) => points.OfType<LabPoint>().Where(static p => !p.IsUnstable).MinBy(static p => p.Of(S).Mean);
}
