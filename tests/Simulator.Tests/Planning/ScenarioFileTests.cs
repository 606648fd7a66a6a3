using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Model;
using Astraea.Simulator.Planning;

namespace Astraea.Simulator.Tests.Planning;

public sealed class ScenarioFileTests
{
    private const string Small = """
        name: small
        hardware: h100-8b
        workers: 2
        policies: [program-fcfs, astraea]
        workload:
          synthetic: customer-service
          sessions: 50
        arrivals:
          load: [0.5, 0.9]
          tenants: 3
          pattern: elephants-first
        predictions:
          from: clairvoyant
          noise: 0.5
          categories: false
        outages:
          - {worker: 1, at: 10, for: 5}
        measure: {jobs: 100, seeds: 2, seed: 7}
        goal: {slowdown_p99: 4, workers_max: 8}

        """;

    [Fact]
    public void Everything_that_is_said_is_read()
    {
        ScenarioPlan plan = Parse(Small);
        Assert.Equal(("small", "h100-8b", 2), (plan.Name, plan.Hardware.Name, plan.Workers));
        Assert.Equal(["program-fcfs", "astraea"], plan.Policies.AsEnumerable());
        Assert.Equal([0.5, 0.9], plan.Loads.AsEnumerable());
        Assert.Equal((3, ArrivalPattern.ElephantsFirst), (plan.Tenants, plan.Pattern));
        Assert.Equal((Foresight.Clairvoyant, 0.5, true), (plan.Foresight, plan.PredictionNoise, plan.CategoriesMissing));
        Assert.Equal(new Outage(1, 10, 5), Assert.Single(plan.Outages));
        Assert.Equal((100, 2, 7ul), (plan.Jobs, plan.Seeds, plan.FirstSeed));
        Assert.Equal(new CapacityGoal(4, null, 8), plan.Goal);
    }

    [Theory]
    [InlineData("hardware: h100-8b", "hardware: h999", "line 2: hardware: must be one of h100-8b")]
    [InlineData("workers: 2", "workers: two", "line 3: workers: must be a whole number from 1 to 100000, is 'two'")]
    [InlineData("goal: {", "gaol: {", "line 19: gaol: is not known here")]
    [InlineData("astraea]", "fair]", "line 4: policies: there is no policy 'fair'")]
    [InlineData("customer-service", "customers", "workload.synthetic: There is no workload 'customers'")]
    [InlineData("  load: [0.5, 0.9]", "  load: [0.5, x]", "line 9: arrivals.load: must be numbers from 0.001 to 10, is 'x'")]
    [InlineData("  load: [0.5, 0.9]", "  process: poisson", "arrivals: needs either load or sessions_per_second")]
    [InlineData("elephants-first", "mice-first", "arrivals.pattern: must be one of as-drawn, elephants-first")]
    [InlineData("noise: 0.5", "noise: -1", "line 14: predictions.noise: must be a number from 0 to 5, is '-1'")]
    [InlineData("categories: false", "categories: no", "predictions.categories: must be true or false, is 'no'")]
    [InlineData("{worker: 1,", "{worker: 2,", "outages[0].worker: must be a whole number from 0 to 1")]
    [InlineData("slowdown_p99: 4, ", "", "goal: needs slowdown_p99 or jct_p99_seconds")]
    [InlineData("measure: {jobs: 100", "measure: {jobs: 100, jobz: 3", "measure.jobz: is not known here")]
    [InlineData("name: small", "name: [", "file.yaml: line")]
    [InlineData("synthetic: customer-service", "trace: nowhere.jsonl", "workload.trace:")]
    public void A_mistake_is_named_with_its_line_and_key(string from, string to, string expected)
    {
        Assert.Contains(from, Small, StringComparison.Ordinal);
        ScenarioException e = Assert.Throws<ScenarioException>(() => Parse(Small.Replace(from, to, StringComparison.Ordinal)));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.StartsWith("file.yaml: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mix_has_sessions_in_proportion()
    {
        ScenarioPlan plan = Parse(Small.Replace("""
              synthetic: customer-service
              sessions: 50
            """, """
              mix:
                - {synthetic: customer-service, sessions: 60, share: 3}
                - {synthetic: coding-agents, sessions: 20, share: 1}
            """, StringComparison.Ordinal));
        Assert.Equal(60, plan.Workload.Sessions.Count(static s => s.Category == "customer-service"));
        Assert.Equal(20, plan.Workload.Sessions.Count(static s => s.Category == "coding-agent"));
    }

    private static ScenarioPlan Parse(string text) => ScenarioFile.Parse("file.yaml", text, ".");
}
