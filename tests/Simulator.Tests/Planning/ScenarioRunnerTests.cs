using System.Text.Json.Nodes;
using Astraea.Simulator.Planning;
using Astraea.Simulator.Running;
using Spectre.Console;

namespace Astraea.Simulator.Tests.Planning;

public sealed class ScenarioRunnerTests
{
    [Fact]
    public void Slowdown_grows_with_load_and_overload_is_unstable()
    {
        ScenarioResults results = Run("arrivals: {load: [0.1, 0.7, 1.6]}");
        double Slowdown(double load) => results.Points.Single(p => p.Load == load).Of(static f => f.Slowdown).Mean;
        Assert.InRange(Slowdown(0.1), 1, 2);
        Assert.True(Slowdown(0.7) > Slowdown(0.1));
        Assert.Equal([false, false, true], results.Points.Select(static p => p.IsUnstable));
        Assert.True(results.Points[1].Of(static f => f.BusyShare).Mean > 3 * results.Points[0].Of(static f => f.BusyShare).Mean);
    }

    [Fact]
    public void A_result_reads_as_a_table_as_json_and_as_pictures()
    {
        ScenarioResults results = Run("arrivals: {load: [0.5, 1.6]}");
        StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 200;
        ScenarioReport.Print(results, console);
        Assert.Contains("unstable", text.ToString(), StringComparison.Ordinal);
        JsonNode json = JsonNode.Parse(ScenarioReport.ToJson(results))!;
        Assert.Equal(2, json["points"]!.AsArray().Count);
        Assert.True((bool)json["points"]![1]!["unstable"]!);
        string folder = Directory.CreateTempSubdirectory("astraea-pictures-").FullName;
        try
        {
            IReadOnlyList<string> files = ScenarioReport.Draw(results, folder);
            Assert.Contains("over-load.svg", files);
            Assert.All(files, f => Assert.StartsWith("<svg", File.ReadAllText(Path.Combine(folder, f)), StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_search_ends_at_the_smallest_number_that_meets_the_goal()
    {
        ScenarioResults results = Run("arrivals: {load: 2.5}\ngoal: {slowdown_p99: 6, workers_max: 16}");
        CapacityAnswer answer = Assert.Single(results.Needed);
        int enough = answer.Workers!.Value;
        Assert.InRange(enough, 3, 8);
        Assert.All(answer.Tried.Where(t => t.Workers < enough), t => Assert.False(t.Meets(results.Plan.Goal!)));
        Assert.True(answer.Tried.Single(t => t.Workers == enough).Meets(results.Plan.Goal!));
    }

    [Fact]
    public void A_goal_that_cannot_be_met_is_said_to_be_so()
    {
        CapacityAnswer answer = Assert.Single(Run("arrivals: {load: 2.5}\ngoal: {slowdown_p99: 6, workers_max: 2}").Needed);
        Assert.Null(answer.Workers);
        Assert.Equal(2, answer.Tried[^1].Workers);
    }

    private static ScenarioResults Run(string rest) => new ScenarioRunner(OneAtATime.Run, 2).Run(
        ScenarioFile.Parse("file.yaml", $$"""
            name: small
            hardware: h100-8b
            policies: program-fcfs
            workload: {synthetic: customer-service, sessions: 200}
            measure: {jobs: 1500, seeds: 3}
            {{rest}}
            """, "."),
        new SilentProgress(), CancellationToken.None);
}
