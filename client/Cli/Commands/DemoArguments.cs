using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Astraea.Cli.Demo;
using Astraea.Cli.Demo.Replay;
using Astraea.Cli.Demo.Report;
using Astraea.Core.Scheduling;
using Spectre.Console;

namespace Astraea.Cli.Commands;

/// <summary>What is replayed and how: the options that <c>demo</c> and <c>cluster</c> share.</summary>
internal sealed class DemoArguments
{
    private const string SiloVariable = "ASTRAEA_SILO";

    private readonly Option<int> _requests = Whole("--requests", 60, "Requests of one replay.");
    private readonly Option<double> _timeScale = Number("--time-scale", 0.05, 0, 100, "Recorded tool times are multiplied by this.");
    private readonly Option<string?> _workload = new("--workload")
    {
        Description = "Workload file, .jsonl or .jsonl.gz: {id, category, segments:[{new, ctx, out, tool, dur}]} per line. Default: a built-in synthetic mixture.",
        HelpName = "FILE",
    };

    private readonly Option<double> _unknown = Number("--unknown-tool-seconds", 1, 0, 1e6, "Mean of the exponential that tool times are drawn from where the workload has none.");
    private readonly Option<ulong> _seed = new("--seed") { Description = "First seed.", DefaultValueFactory = static _ => 1 };
    private readonly Option<int> _seeds = Whole("--seeds", 1, "How many seeds.");
    private readonly Option<double> _load = Number("--load", 0.8, 0.01, 10, "Offered load as a share of λ_sat.");
    private readonly Option<double> _poolShare = Number(
        "--pool-share", 0.4, 0.01, 10, "All device pools as a share of the estimated working set: a good policy's working set is smaller, and the pools shall not exceed half of that.");

    private readonly Option<string> _policies = new("--policies")
    {
        Description = $"Policies to compare, separated by commas: {string.Join(", ", SchedulingPolicies.Names)}.",
        DefaultValueFactory = static _ => "program-fcfs,astraea-paper,astraea",
    };

    private readonly Option<int> _limit = Whole("--limit-seconds", 900, "What has not completed by then, in one replay, has failed.");
    private readonly Option<string?> _json = new("--json") { Description = "Writes all figures to this file.", HelpName = "FILE" };

    /// <summary>Adds them to a command.</summary>
    public DemoArguments(Command command)
    {
        _policies.Validators.Add(static result =>
        {
            ImmutableArray<string> names = Names(result.GetValueOrDefault<string>());
            if (names.IsEmpty || names.FirstOrDefault(static n => !SchedulingPolicies.Names.Contains(n)) is not null)
                result.AddError($"--policies must name one or more of {string.Join(", ", SchedulingPolicies.Names)}.");
        });
        foreach (Option option in (Option[])[_requests, _timeScale, _workload, _unknown, _seed, _seeds, _load, _poolShare, _policies, _limit, _json])
            command.Options.Add(option);
    }

    /// <summary>What was asked for, with the silo that <c>./astraea</c> has built.</summary>
    /// <exception cref="DemoException">There is no silo to start.</exception>
    public DemoOptions Read(ParseResult parsed, int workers)
    {
        string silo = Environment.GetEnvironmentVariable(SiloVariable) ?? "";
        if (!File.Exists(silo))
            throw new DemoException($"{SiloVariable} must name the silo to start (`./astraea` does that){(silo.Length == 0 ? "" : $"; there is no '{silo}'")}.");
        return new DemoOptions(
            silo, parsed.GetValue(_requests), workers, parsed.GetValue(_timeScale), parsed.GetValue(_workload), parsed.GetValue(_unknown),
            parsed.GetValue(_seed), parsed.GetValue(_seeds), parsed.GetValue(_load), parsed.GetValue(_poolShare), Names(parsed.GetValue(_policies)),
            parsed.GetValue(_limit), parsed.GetValue(_json));
    }

    /// <summary>Replays and compares; shows it on the terminal.</summary>
    /// <returns>Exit code.</returns>
    public static async Task<int> RunAsync(DemoOptions options, ReplayTargetStarter starter, CancellationToken cancellation)
    {
        IAnsiConsole console = AnsiConsole.Console;
        bool interactive = console.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;
        if (!interactive)
            console.Profile.Width = 400;
        IBoard board = interactive ? new LiveBoard(console) : new PlainBoard(Console.Out, TimeSpan.FromSeconds(5));
        DemoReport report = await new DemoRun(options, starter, console, board).RunAsync(cancellation);
        return report.IsClean ? 0 : 1;
    }

    /// <summary>An option that is a whole number of at least 1.</summary>
    public static Option<int> Whole(string name, int value, string description, int most = 1_000_000) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            if (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int given) || given < 1 || given > most)
                result.AddError($"{name} must be a whole number from 1 to {most}.");
            return given;
        },
    };

    private static ImmutableArray<string> Names(string? list) =>
        [.. (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

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
