using System.CommandLine;
using Astraea.Simulator.Running;
using Astraea.Simulator.Planning;
using Spectre.Console;

namespace Astraea.Simulator.Commands;

/// <summary><c>simulate</c>: a scenario file, answered.</summary>
internal static class SimulateCommand
{
    /// <summary>The command.</summary>
    /// <param name="run">Runs one scenario.</param>
    public static Command Create(SimulationRun run)
    {
        Option<FileInfo> scenario = new("--scenario") { Description = "What to simulate (YAML; docs/operations/capacity-planning.md).", HelpName = "FILE", Required = true };
        Option<FileInfo?> json = new("--json") { Description = "Writes all figures to this file.", HelpName = "FILE" };
        Option<DirectoryInfo?> pictures = new("--pictures") { Description = "Draws SVG pictures into this folder.", HelpName = "DIR" };
        Option<int> parallel = new("--parallel") { Description = "Runs at once. Default: as many as there are cores.", DefaultValueFactory = static _ => Environment.ProcessorCount };
        parallel.Validators.Add(static r =>
        {
            if (r.GetValueOrDefault<int>() is < 1 or > 1_024)
                r.AddError("--parallel must be 1 to 1024.");
        });
        Command command = new("simulate", "Runs a scenario in virtual time: your traffic, your workers, which policy, how many workers, what p99?") { scenario, json, pictures, parallel };
        command.SetAction((parsed, cancellation) =>
        {
            ScenarioPlan plan = ScenarioFile.Read(parsed.GetValue(scenario)!.FullName);
            ScenarioRunner runner = new(run, parsed.GetValue(parallel));
            ScenarioResults results = ConsoleProgress.While(AnsiConsole.Console, progress => runner.Run(plan, progress, cancellation));
            ScenarioReport.Print(results, AnsiConsole.Console);
            if (parsed.GetValue(json) is { } file)
                File.WriteAllText(file.FullName, ScenarioReport.ToJson(results));
            if (parsed.GetValue(pictures) is { } folder)
                AnsiConsole.MarkupLineInterpolated($"Pictures in {folder.FullName}: {string.Join(", ", ScenarioReport.Draw(results, folder.FullName))}");
            return Task.FromResult(0);
        });
        return command;
    }
}
