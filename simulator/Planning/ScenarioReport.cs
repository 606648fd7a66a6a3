using System.Text.Json;
using System.Text.Json.Nodes;
using Astraea.Simulator.Pictures;
using Astraea.Simulator.Statistics;
using Spectre.Console;

namespace Astraea.Simulator.Planning;

/// <summary>Results as a table, as JSON and as pictures.</summary>
internal static class ScenarioReport
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    private static readonly (string Name, string Key, Func<RunFigures, double> Of, string Format)[] _columns =
    [
        ("mean JCT, s", "jct_seconds", static f => f.JctSeconds, "0.00"),
        ("its floor, s", "jct_floor_seconds", static f => f.FloorSeconds, "0.00"),
        ("p99 JCT, s", "jct_p99_seconds", static f => f.JctP99, "0.0"),
        ("mean S, s", "schedulable_seconds", static f => f.SchedulableSeconds, "0.00"),
        ("slowdown", "slowdown", static f => f.Slowdown, "0.00"),
        ("p99", "slowdown_p99", static f => f.SlowdownP99, "0.0"),
        ("output tok/s", "output_tokens_per_second", static f => f.OutputTokensPerSecond, "0"),
        ("busy", "busy_share", static f => f.BusyShare, "0%"),
        ("recomputed", "recomputed_share", static f => f.RecomputedShare, "0.0%"),
        ("stalled", "stalled_share", static f => f.StalledShare, "0.0%"),
    ];

    /// <summary>Everything on a console.</summary>
    public static void Print(ScenarioResults results, IAnsiConsole console)
    {
        ScenarioPlan plan = results.Plan;
        // In a file or a pipe nothing has to fit.
        if (!console.Profile.Capabilities.Interactive)
            console.Profile.Width = Math.Max(console.Profile.Width, 180);
        console.MarkupLineInterpolated($"[bold]{plan.Name}[/]: {plan.Workload.Name} on {plan.Workers} × {plan.Hardware.Name}; {plan.Jobs} jobs, {plan.Seeds} seed(s); λ_sat = {results.SaturatedSessionsPerSecond:0.####} sessions/s a worker");
        foreach (string note in plan.Workload.Notes)
            console.MarkupLineInterpolated($"  {note}");
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("load").AddColumn("policy");
        foreach ((string name, _, _, _) in _columns)
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (ScenarioPoint point in results.Points)
        {
            string[] cells = point.IsUnstable ? ["unstable"] : [.. _columns.Select(c => Markup.Escape(point.Of(c.Of).Mean.ToString(c.Format)))];
            table.AddRow([point.Load.ToString("0.00"), point.Policy, .. cells]);
        }
        console.Write(table);
        foreach (CapacityAnswer answer in results.Needed)
        {
            string found = answer.Workers is { } workers ? $"{workers} worker(s) are enough" : $"{plan.Goal!.WorkersMax} workers are not enough";
            string tried = string.Join("; ", answer.Tried.Select(static t => t.Unstable ? $"{t.Workers}: unstable" : $"{t.Workers}: slowdown p99 {t.SlowdownP99:0.0}, JCT p99 {t.JctP99Seconds:0.0} s"));
            console.MarkupLineInterpolated($"[bold]{answer.Policy}[/]: {found} ({tried})");
        }
    }

    /// <summary>Everything as JSON.</summary>
    public static string ToJson(ScenarioResults results) => new JsonObject
    {
        ["scenario"] = results.Plan.Name,
        ["workload"] = results.Plan.Workload.Name,
        ["notes"] = new JsonArray([.. results.Plan.Workload.Notes.Select(static n => (JsonNode)n)]),
        ["hardware"] = results.Plan.Hardware.Name,
        ["workers"] = results.Plan.Workers,
        ["saturated_sessions_per_second"] = results.SaturatedSessionsPerSecond,
        ["points"] = new JsonArray([.. results.Points.Select(Point)]),
        ["needed"] = new JsonArray([.. results.Needed.Select(static n => (JsonNode)new JsonObject
        {
            ["policy"] = n.Policy,
            ["workers"] = n.Workers,
            ["tried"] = new JsonArray([.. n.Tried.Select(static t => (JsonNode)new JsonObject
            {
                ["workers"] = t.Workers, ["slowdown_p99"] = t.SlowdownP99, ["jct_p99_seconds"] = t.JctP99Seconds, ["unstable"] = t.Unstable,
            })]),
        })]),
    }.ToJsonString(_indented);

    /// <summary>The pictures of a folder: over load when there are several, and four of the highest stable load.</summary>
    /// <returns>Names of the files.</returns>
    public static IReadOnlyList<string> Draw(ScenarioResults results, string folder)
    {
        ScenarioPlan plan = results.Plan;
        string subtitle = $"{plan.Workload.Name} on {plan.Workers} × {plan.Hardware.Name}";
        var charts = new List<(string Name, Chart Chart)>();
        if (plan.Loads.Length > 1)
        {
            charts.Add(("over-load", RunCharts.OverLoad(subtitle, plan.Policies.Select(policy => (
                policy, results.Points.Where(p => p.Policy == policy && !p.IsUnstable).Select(static p => (p.Load, p.Of(static f => f.SchedulableSeconds))))))));
        }
        double load = results.Points.Where(static p => !p.IsUnstable).Select(static p => p.Load).DefaultIfEmpty(results.Points[0].Load).Max();
        ScenarioPoint[] shown = [.. results.Points.Where(p => p.Load == load)];
        string at = $"{subtitle}, load {load:0.00}";
        charts.Add(("jct-distribution", RunCharts.Distribution(at, "completion time of a job (s)", shown.Select(static p => (p.Policy, p.First.Jobs.Select(static j => j.JctSeconds))))));
        charts.Add(("slowdown-distribution", RunCharts.Distribution(at, "slowdown", shown.Select(static p => (p.Policy, p.First.Jobs.Select(static j => j.Slowdown))))));
        charts.Add(("slowdown-by-size", RunCharts.SlowdownBySize(at, shown.Select(static p => (p.Policy, p.First.Jobs.AsEnumerable())))));
        charts.AddRange(shown.Select(p => ($"kv-tiers-{p.Policy}", RunCharts.Tiers($"{at}, {p.Policy}", p.First.Samples, plan.Hardware.BlockTokens))));
        Directory.CreateDirectory(folder);
        foreach ((string name, Chart chart) in charts)
            File.WriteAllText(Path.Combine(folder, $"{name}.svg"), ChartSvg.Draw(chart));
        return [.. charts.Select(static c => $"{c.Name}.svg")];
    }

    private static JsonNode Point(ScenarioPoint point)
    {
        JsonObject written = new() { ["policy"] = point.Policy, ["load"] = point.Load, ["unstable"] = point.IsUnstable, ["jobs"] = point.Runs.Sum(static r => r.Jobs), ["unfinished"] = point.Runs.Sum(static r => r.Unfinished) };
        foreach ((_, string key, Func<RunFigures, double> of, _) in _columns.Append(("", "backlog_growth", static f => f.Growth.Mean, "")))
        {
            Interval figure = point.Of(of);
            written[key] = new JsonObject { ["mean"] = figure.Mean, ["low"] = figure.Low, ["high"] = figure.High };
        }
        written["tenant_slowdown"] = new JsonObject(point.Runs.SelectMany(static r => r.TenantSlowdown).GroupBy(static t => t.Key, StringComparer.Ordinal)
            .Select(static g => KeyValuePair.Create(g.Key, (JsonNode?)g.Average(static t => t.Value))));
        return written;
    }
}
