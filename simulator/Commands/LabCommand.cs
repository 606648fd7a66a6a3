using System.Collections.Immutable;
using System.CommandLine;
using Astraea.Simulator.Reports;
using Astraea.Simulator.Running;
using Spectre.Console;

namespace Astraea.Simulator.Commands;

/// <summary><c>lab</c>: all experiments, written to one report.</summary>
internal static class LabCommand
{
    private const string ReportFile = "scheduling.md";

    /// <summary>The command.</summary>
    /// <param name="run">Runs one scenario.</param>
    public static Command Create(SimulationRun run)
    {
        Option<bool> quick = new("--quick") { Description = "Few seeds and loads: under five minutes." };
        Option<string?> only = new("--only") { Description = $"Experiments, separated by commas: {string.Join(", ", Laboratory.Experiments.Select(static e => e.Name))}.", HelpName = "NAMES" };
        Option<DirectoryInfo?> traces = new("--traces") { Description = "Folder of recorded workloads. Default: synthetic ones fitted to them.", HelpName = "DIR" };
        Option<DirectoryInfo> output = new("--out") { Description = "Where the report and its pictures go.", HelpName = "DIR", DefaultValueFactory = static _ => new DirectoryInfo(Path.Combine("bench", "results")) };
        Option<int?> jobs = new("--jobs") { Description = "Jobs of a run. Default: 5000, quick 1000." };
        Option<int?> seeds = new("--seeds") { Description = "Runs of a point. Default: 10, quick 3." };
        Option<int> parallel = new("--parallel") { Description = "Runs at once. Default: as many as there are cores.", DefaultValueFactory = static _ => Environment.ProcessorCount };
        foreach ((Option option, int least, int most) in ((Option, int, int)[])[(jobs, 100, 10_000_000), (seeds, 2, 1_000), (parallel, 1, 1_024)])
        {
            option.Validators.Add(r =>
            {
                if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, out int value) && (value < least || value > most))
                    r.AddError($"{option.Name} must be {least} to {most}.");
            });
        }
        only.Validators.Add(static r =>
        {
            foreach (string name in Names(r.GetValueOrDefault<string?>()).Where(static n => Laboratory.Experiments.All(e => e.Name != n)))
                r.AddError($"--only: there is no experiment '{name}'; there are {string.Join(", ", Laboratory.Experiments.Select(static e => e.Name))}.");
        });
        Command command = new("lab", "Runs the experiments of the scheduling laboratory and writes their report.") { quick, only, traces, output, jobs, seeds, parallel };
        command.SetAction((parsed, cancellation) =>
        {
            bool isQuick = parsed.GetValue(quick);
            LabOptions options = new(
                isQuick, Names(parsed.GetValue(only)), parsed.GetValue(traces)?.FullName, parsed.GetValue(jobs) ?? (isQuick ? 1_000 : 5_000),
                parsed.GetValue(seeds) ?? (isQuick ? 3 : 10), parsed.GetValue(parallel));
            string folder = parsed.GetValue(output)!.FullName;
            Directory.CreateDirectory(folder);
            string line = "./astraea lab " + string.Join(' ', parsed.Tokens.Skip(1).Select(static t => t.Value.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? "DIR" : t.Value));
            string report = ConsoleProgress.While(AnsiConsole.Console, progress => new Laboratory(run, options)
                .Write(Path.Combine(folder, "scheduling"), line, progress, static text => AnsiConsole.MarkupLineInterpolated($"{text}"), cancellation));
            File.WriteAllText(Path.Combine(folder, ReportFile), report);
            AnsiConsole.MarkupLineInterpolated($"Report: {Path.Combine(folder, ReportFile)}");
            return Task.FromResult(0);
        });
        return command;
    }

    private static ImmutableArray<string> Names(string? text) => [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
}
