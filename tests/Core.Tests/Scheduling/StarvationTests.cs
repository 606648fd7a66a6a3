using Astraea.Core.Determinism;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

public class StarvationTests
{
    private const int Victim = 1;

    /// <summary>
    /// One worker with one slot. The victim's first segment costs more than the first threshold, so its second, never run, waits in the second queue,
    /// while new requests of a second each come a little faster than the worker serves them.
    /// </summary>
    private static VirtualCluster Stream(string policy)
    {
        var cluster = new VirtualCluster(SchedulingPolicies.Create(policy));
        cluster.AddWorker("w0", blocks: 64, slots: 1);
        cluster.Add(new Script(Victim, 0, "victim", [new ScriptSegment(140, 40, 2), new ScriptSegment(20, 100, null)]));
        for (int i = 0; i < 250; i++)
            cluster.Add(new Script(100 + i, 0.5 + 0.8 * i, "stream", [new ScriptSegment(20, 98, null)]));
        return cluster;
    }

    [Fact]
    public void Under_the_papers_policy_a_segment_in_a_middle_queue_starves()
    {
        VirtualCluster cluster = Stream("astraea-paper");
        cluster.Run(200);
        Assert.Equal(1, cluster.Starts(Victim));
        Assert.Equal(1, cluster.Desk.Look().Requests.Single(r => r.Request == SchedulerDesk.Id(Victim)).Level);
        Assert.InRange(cluster.Completed, 170, 200);
    }

    [Fact]
    public void Under_our_policy_the_same_arrivals_do_not_starve_it()
    {
        VirtualCluster cluster = Stream("astraea");
        cluster.Run(200);
        Assert.Equal(2, cluster.Starts(Victim));
        Assert.DoesNotContain(cluster.Desk.Look().Requests, r => r.Request == SchedulerDesk.Id(Victim));
        Assert.InRange(cluster.Completed, 170, 200);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_open_wait_exceeds_twenty_times_isolated_service_plus_one_drain_of_the_lane(ulong seed)
    {
        VirtualCluster cluster = Crowd(seed);
        Assert.True(cluster.Run(1000), "everything completes");
        Assert.Contains(cluster.Waits, w => w.LaneAheadSeconds is not null);
        foreach (EndedWait wait in cluster.Waits)
        {
            // B = D + (lane work ahead)/(share x capacity); a few steps go by between deciding, offering and starting.
            double bound = 10 * wait.IsolatedSeconds + (wait.LaneAheadSeconds ?? 0) / 0.25 + 4 * VirtualCluster.Step;
            Assert.True(wait.Seconds <= bound, $"{wait} exceeds {bound}");
        }
    }

    internal static VirtualCluster Crowd(ulong seed)
    {
        var cluster = new VirtualCluster(new HierarchicalHrrn());
        cluster.AddWorker("w0", blocks: 160, slots: 6);
        SeededGenerator random = new SeedTree(seed).Child("arrivals").Generator();
        double at = 0;
        for (int i = 1; i <= 120; i++)
        {
            at += 0.6 * random.NextExponential();
            bool large = random.NextInt(8) == 0;
            int turns = 1 + random.NextInt(4);
            cluster.Add(new Script(i, at, large ? "large" : "small", [.. Enumerable.Range(0, turns).Select(turn => new ScriptSegment(
                20 + random.NextInt(large ? 400 : 60), 5 + random.NextInt(large ? 200 : 30), turn == turns - 1 ? null : 3 * random.NextExponential()))]));
        }
        return cluster;
    }
}
