using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Astraea.Cli.Demo;
using Astraea.Cli.Demo.Replay;
using Astraea.Cli.Demo.Report;
using Astraea.Core.Scheduling;
using Spectre.Console;

namespace Astraea.Cli.Commands;

/// <summary><c>astraea demo</c>: replays agent requests under several policies and compares them.</summary>
internal static class DemoCommand
{
    private const string SiloVariable = "ASTRAEA_SILO";

    public static Command Create()
    {
        Option<int> requests = Whole("--requests", 60, "Requests of one replay.");
        Option<int> workers = Whole("--workers", 2, "Workers of the node.");
        Option<double> timeScale = Number("--time-scale", 0.05, 0, 100, "Recorded tool times are multiplied by this.");
        Option<string?> workload = new("--workload") { Description = "Workload file, .jsonl or .jsonl.gz: {id, category, segments:[{new, ctx, out, tool, dur}]} per line. Default: a built-in synthetic mixture.", HelpName = "FILE" };
        Option<double> unknown = Number("--unknown-tool-seconds", 1, 0, 1e6, "Mean of the exponential that tool times are drawn from where the workload has none.");
        Option<ulong> seed = new("--seed") { Description = "First seed.", DefaultValueFactory = static _ => 1 };
        Option<int> seeds = Whole("--seeds", 1, "How many seeds.");
        Option<double> load = Number("--load", 0.8, 0.01, 10, "Offered load as a share of λ_sat.");
        Option<double> poolShare = Number("--pool-share", 0.4, 0.01, 10, "All device pools as a share of the estimated working set: a good policy's working set is smaller, and the pools shall not exceed half of that.");
        Option<string> policies = new("--policies") { Description = $"Policies to compare, separated by commas: {string.Join(", ", SchedulingPolicies.Names)}.", DefaultValueFactory = static _ => "program-fcfs,astraea-paper,astraea" };
        Option<int> limit = Whole("--limit-seconds", 900, "What has not completed by then, in one replay, has failed.");
        Option<string?> json = new("--json") { Description = "Writes all figures to this file.", HelpName = "FILE" };
        policies.Validators.Add(static result =>
        {
            ImmutableArray<string> names = Names(result.GetValueOrDefault<string>());
            if (names.IsEmpty || names.FirstOrDefault(static n => !SchedulingPolicies.Names.Contains(n)) is not null)
                result.AddError($"--policies must name one or more of {string.Join(", ", SchedulingPolicies.Names)}.");
        });
        Command command = new("demo", "Replays agent requests under several policies on the same arrivals, and compares them.")
        {
            requests, workers, timeScale, workload, unknown, seed, seeds, load, poolShare, policies, limit, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new DemoOptions(
                Environment.GetEnvironmentVariable(SiloVariable) ?? "", parsed.GetValue(requests), parsed.GetValue(workers), parsed.GetValue(timeScale),
                parsed.GetValue(workload), parsed.GetValue(unknown), parsed.GetValue(seed), parsed.GetValue(seeds), parsed.GetValue(load),
                parsed.GetValue(poolShare), Names(parsed.GetValue(policies)), parsed.GetValue(limit), parsed.GetValue(json)),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        if (!File.Exists(options.SiloPath))
            throw new DemoException($"{SiloVariable} must name the silo to start (`./astraea demo` does that){(options.SiloPath.Length == 0 ? "" : $"; there is no '{options.SiloPath}'")}.");
        IAnsiConsole console = AnsiConsole.Console;
        bool interactive = console.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;
        if (!interactive)
            console.Profile.Width = 400;
        IBoard board = interactive ? new LiveBoard(console) : new PlainBoard(Console.Out, TimeSpan.FromSeconds(5));
        DemoReport report = await new DemoRun(options, console, board).RunAsync(cancellation);
        return report.IsClean ? 0 : 1;
    }

    private static ImmutableArray<string> Names(string? list) =>
        [.. (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

    private static Option<int> Whole(string name, int value, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            if (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int given) || given is < 1 or > 1_000_000)
                result.AddError($"{name} must be a whole number from 1 to 1000000.");
            return given;
        },
    };

    private static Option<double> Number(string name, double value, double least, double most, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            if (!double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double given) || !(given >= least && given <= most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}."));
            return given;
        },
    };
}
