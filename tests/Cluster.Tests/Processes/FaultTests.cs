using Astraea.Cli.Cluster;
using Astraea.Cluster.Soak;
using Astraea.Cluster.Soak.Faults;
using Astraea.Cluster.Soak.Load;
using Xunit.Abstractions;

namespace Astraea.Cluster.Tests.Processes;

/// <summary>The machine is theirs while they run.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessTests
{
    public const string Name = "processes";
}

/// <summary>
/// The promise of the cluster, on real processes: whatever dies, every accepted request ends once, with the output it would have had, and its readers see neither
/// gap nor repetition. Longer runs with more faults: <c>tests/Cluster.Soak</c>.
/// </summary>
[Collection(ProcessTests.Name)]
public sealed class FaultTests(ITestOutputHelper print)
{
    private const int Live = 50;

    [ProcessFact]
    public async Task Every_request_survives_kill_of_each_role_and_says_what_it_would_have_said()
    {
        FaultReport report = await RunAsync(FaultRunOptions.FiveProcesses, 11, SoakPlans.ShortKillsAsync);
        Assert.True(report.Cuts(CutKind.Broken) > 0, "the kills met open calls");
        Assert.True(report.Resumes > 0, "streams went on at another gateway");
        Assert.True(report.Replays > 0, "calls were sent again under their key");
    }

    [ProcessFact]
    public async Task Restarting_every_process_in_turn_ends_streams_in_words_and_nothing_else()
    {
        IReadOnlyList<MemberPlan> members = [new("control0", "gateway,control"), new("control1", "gateway,control"), new("worker0", "worker"), new("worker1", "worker")];
        // No grace: whatever is open when the signal comes is longer than that, on any machine.
        FaultReport report = await RunAsync(members, 12, SoakPlans.RollingAsync, ("Gateway:DrainSeconds", "0"));
        Assert.Equal(0, report.Cuts(CutKind.Broken));
        Assert.True(report.Cuts(CutKind.ErrorFrame) > 0, "some streams were longer than the grace");
    }

    private async Task<FaultReport> RunAsync(IReadOnlyList<MemberPlan> members, ulong seed, Func<FaultRun, Task> faults, params (string Key, string Value)[] more)
    {
        string silo = Path.Combine(AppContext.BaseDirectory, "astraea-silo.dll");
        Dictionary<string, string> settings = new(FaultRunOptions.UsualSettings);
        foreach ((string key, string value) in more)
            settings[key] = value;
        FaultRunOptions options = new(silo, members, settings, seed, Live, print.WriteLine);
        await using FaultRun run = await FaultRun.StartAsync(options);
        try
        {
            await run.WarmUpAsync();
            await faults(run);
        }
        catch (Exception e) when (e is FaultRunException or ClusterException)
        {
            Assert.Fail($"{e.Message}\n{run.Cluster.LastLines()}");
        }
        FaultReport report = await FaultReport.MakeAsync(run, options, TimeSpan.FromMinutes(3));
        print.WriteLine(report.Text);
        Assert.True(report.Problems.Count == 0, $"{string.Join('\n', report.Problems.Take(20))}\n{report.Text}\n{run.Cluster.LastLines()}");
        Assert.True(run.Faults.All(f => f.Live >= Live), "every fault met a full load");
        return report;
    }
}
