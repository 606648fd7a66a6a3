using Astraea.Simulator.Cluster;
using Astraea.Simulator.Planning;
using Astraea.Simulator.Running;

namespace Astraea.Simulator.Tests.Planning;

public sealed class ShippedScenarioTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder(), "*.yaml").Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_shipped_scenario_can_be_read(string file)
    {
        ScenarioPlan plan = ScenarioFile.Read(Path.Combine(Folder(), file));
        Assert.NotEmpty(plan.Workload.Sessions);
        Assert.NotEmpty(plan.Policies);
    }

    [Fact]
    public void The_quick_one_runs_to_its_end()
    {
        ScenarioPlan plan = ScenarioFile.Read(Path.Combine(Folder(), "quick.yaml")) with { Jobs = 60, Seeds = 1, Policies = ["program-fcfs", "astraea"] };
        ScenarioResults results = new ScenarioRunner(static (scenario, cancellation) => Simulation.Run(scenario, null, cancellation), 2)
            .Run(plan, new SilentProgress(), CancellationToken.None);
        Assert.Equal(4, results.Points.Length);
        Assert.All(results.Points, static p => Assert.True(p.Of(static f => f.Slowdown).Mean >= 1));
        Assert.All(results.Points, static p => Assert.True(p.Runs[0].Jobs > 20));
        Assert.True(Output("program-fcfs", 0.9) > Output("program-fcfs", 0.5));

        double Output(string policy, double load) => results.Points.Single(p => p.Policy == policy && p.Load == load).Runs[0].OutputTokensPerSecond;
    }

    internal static string Folder() => Path.Combine(AppContext.BaseDirectory, "scenarios");
}
