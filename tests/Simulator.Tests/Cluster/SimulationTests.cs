using System.Collections.Immutable;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Cluster;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Tests.Cluster;

public sealed class SimulationTests
{
    public static TheoryData<string> Policies => [.. SchedulingPolicies.Names];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Every_job_ends_and_tokens_are_conserved_under_every_policy(string name)
    {
        Scenario scenario = Runs.Scenario(Runs.Sessions(3, 60, 0.2), SchedulingPolicies.Create(name));
        RunResult result = Simulation.Run(scenario);
        Assert.Equal(0, result.Unfinished);
        Assert.Equal(120, result.Jobs.Length);
        Assert.Equal(Runs.Segments(scenario), result.Totals.Segments);
        Assert.Equal(Runs.Output(scenario), result.Totals.OutputTokens);
        Assert.All(result.Jobs, job => Assert.Equal(
            scenario.Sessions[job.Session].Jobs[job.Job].Segments.Sum(static s => s.Output), job.OutputTokens));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void No_job_is_faster_than_its_tools_and_its_compute_alone(string name)
    {
        RunResult result = Simulation.Run(Runs.Scenario(Runs.Sessions(4, 50, 0.2), SchedulingPolicies.Create(name)));
        // Each of the moments between is rounded to 100 ns.
        Assert.All(result.Jobs, static job => Assert.True(job.JctSeconds >= job.ToolSeconds + job.IsolatedSeconds - 1e-4, $"{job}"));
        Assert.All(result.Jobs, static job => Assert.True(job.WaitedSeconds <= job.SchedulableSeconds + 1e-9, $"{job}"));
    }

    [Fact]
    public void A_session_alone_on_a_worker_that_keeps_its_kv_takes_its_isolated_seconds()
    {
        foreach (SimulatedSession session in Runs.Sessions(5, 40, 1, jobs: 3))
        {
            Scenario scenario = Runs.Scenario([session], new KeepingPolicy());
            RunResult result = Simulation.Run(scenario);
            Assert.Equal(3, result.Jobs.Length);
            Assert.All(result.Jobs, static job => Assert.Equal(job.IsolatedSeconds, job.SchedulableSeconds, 1e-5));
            Assert.Equal(0, result.Totals.StalledSeconds);
            Assert.Equal(result.Jobs.Sum(static j => j.IsolatedSeconds), result.Totals.BusySeconds, 1e-6);
        }
    }

    [Theory]
    [InlineData("program-fcfs", 1)]
    [InlineData("astraea", 1)]
    [InlineData("astraea", 3)]
    public void The_same_scenario_gives_the_same_result_bit_by_bit(string policy, int workers)
    {
        Scenario scenario = Runs.Scenario(Runs.Sessions(6, 150, 0.1), SchedulingPolicies.Create(policy), workers) with { SampleEverySeconds = 1 };
        RunResult first = Simulation.Run(scenario), second = Simulation.Run(scenario);
        Assert.Equal(first.Jobs.AsEnumerable(), second.Jobs);
        Assert.Equal(first.Totals, second.Totals);
        Assert.Equal(first.Samples.AsEnumerable(), second.Samples);
        Assert.True(first.Samples.Length > 5);
    }

    [Fact]
    public void A_worker_that_goes_away_loses_work_but_no_job()
    {
        Scenario calm = Runs.Scenario(Runs.Sessions(7, 100, 0.2), workers: 2);
        Scenario broken = calm with { Outages = [new Outage(0, 4, 20), new Outage(1, 30, 5)] };
        RunResult result = Simulation.Run(broken);
        Assert.Equal(200, result.Jobs.Length);
        Assert.Equal(Runs.Segments(broken), result.Totals.Segments);
        Assert.True(result.Jobs.Sum(static j => j.JctSeconds) > Simulation.Run(calm).Jobs.Sum(static j => j.JctSeconds));
    }

    [Fact]
    public void More_workers_share_the_work()
    {
        ImmutableArray<SimulatedSession> sessions = Runs.Sessions(8, 200, 0.05);
        double one = Simulation.Run(Runs.Scenario(sessions)).Jobs.Average(static j => j.SchedulableSeconds);
        RunResult four = Simulation.Run(Runs.Scenario(sessions, workers: 4));
        Assert.Equal(400, four.Jobs.Length);
        Assert.True(four.Jobs.Average(static j => j.SchedulableSeconds) < 0.5 * one);
    }

    [Fact]
    public void A_shared_prefix_is_computed_once_while_it_is_used()
    {
        long apart = Simulation.Run(Runs.Scenario(Runs.Sessions(9, 60, 0.2, jobs: 1))).Totals.PrefillTokens;
        long shared = Simulation.Run(Runs.Scenario(Runs.Sessions(9, 60, 0.2, jobs: 1, prefix: "system"))).Totals.PrefillTokens;
        Assert.InRange(apart - shared, 50 * 144, 60 * 150);
    }

    [Fact]
    public void Only_jobs_of_the_measured_time_are_reported_and_the_run_ends_with_them()
    {
        Scenario scenario = Runs.Scenario(Runs.Sessions(10, 200, 0.2)) with { MeasureFrom = 5, MeasureUntil = 15 };
        RunResult result = Simulation.Run(scenario);
        Assert.All(result.Jobs, static job => Assert.InRange(job.ArrivalSeconds, 5, 15));
        Assert.Equal(0, result.Unfinished);
        Assert.True(result.Totals.EndSeconds < scenario.Sessions[^1].ArrivalSeconds);
        RunResult cut = Simulation.Run(scenario with { StopAt = 14 });
        Assert.True(cut.Unfinished > 0);
        Assert.True(cut.Totals.EndSeconds <= 14);
    }

    [Fact]
    public void A_scenario_that_makes_no_sense_is_refused_with_key_and_value()
    {
        Scenario scenario = Runs.Scenario(Runs.Sessions(11, 2, 1));
        Assert.Contains("Workers is 0", Assert.Throws<ArgumentException>(() => Simulation.Run(scenario with { Workers = 0 })).Message, StringComparison.Ordinal);
        SimulatedSession large = scenario.Sessions[0] with { Jobs = [new SimulatedJob(0, [new SimulatedSegment(0, 5_000, 1, null, 0)])] };
        Assert.Contains("5001 tokens", Assert.Throws<ArgumentException>(() => Simulation.Run(scenario with { Sessions = [large] })).Message, StringComparison.Ordinal);
    }
}
