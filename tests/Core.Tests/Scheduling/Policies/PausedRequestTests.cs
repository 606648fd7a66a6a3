using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Core.Scheduling.Policies;

namespace Astraea.Core.Tests.Scheduling.Policies;

/// <summary>The scheduler under policies that let only some requests hold memory, and under fair share.</summary>
public class PausedRequestTests
{
    private static PullRequest Pull(int blocks = 64) => SchedulerDesk.Idle("w0", blocks, 8, blocks, [], SchedulerDesk.Costs);

    private static int[] Given(Plan plan) => [.. plan.Leases.Select(l => (int)l.Attempt.Request.Value)];

    /// <summary>Room for 1024 tokens. A hundred are kept for growth of each: 600 and 620 do not fit together, 200 fits beside either.</summary>
    [Fact]
    public void A_paused_request_gets_no_lease_until_there_is_room()
    {
        SchedulerDesk desk = new(new ThunderAgent());
        RequestStatus first = desk.Arrived(1, context: 600);
        desk.Tell(first);
        desk.Tell(desk.Arrived(2, context: 620));
        desk.Tell(desk.Arrived(3, context: 200));
        long before = desk.State.Revision;
        Assert.Empty(desk.Pull(Pull()).Leases);
        Assert.True(desk.State.Revision > before, "a parked pull would look again");
        Assert.Equal([1, 3], Given(desk.Pull(Pull())).Order());
        Assert.Equal(1, desk.State.LiveRequests - desk.State.ReadyRequests - 2);
        RequestStatus running = first.Started(new SegmentAttempt(first.Request, 0, 1), "w0", desk.Now);
        desk.Tell(running);
        desk.Tell(running.Completed(desk.Now, 600, 16, 1));
        desk.Pull(Pull());
        Assert.Contains(2, Given(desk.Pull(Pull())));
    }

    [Theory]
    [InlineData(ThunderAgent.PolicyName)]
    [InlineData("window")]
    public void Everything_completes_under_pausing(string name)
    {
        ISchedulingPolicy policy = name == "window" ? new HierarchicalHrrn(new() { Window = new() { Start = 2 } }) : SchedulingPolicies.Create(name);
        var cluster = new VirtualCluster(policy);
        cluster.AddWorker("w0", blocks: 100, slots: 6);
        cluster.AddWorker("w1", blocks: 100, slots: 6);
        for (int i = 1; i <= 40; i++)
            cluster.Add(new Script(i, 0.1 * i, "agent", [new ScriptSegment(200, 30, 1), new ScriptSegment(100, 20, 0.5), new ScriptSegment(20, 10, null)]));
        Assert.True(cluster.Run(400), "everything completes");
        Assert.Equal(40, cluster.Completed);
    }

    [Fact]
    public void A_tenant_that_has_had_more_is_ranked_behind()
    {
        SchedulerDesk desk = new(new HierarchicalHrrn(new() { TenantSlackSeconds = 1 }));
        desk.Pull(Pull());
        RequestStatus greedy = desk.Arrived(1) with { Tenant = new TenantId("greedy") };
        desk.Tell(greedy);
        desk.Tell(desk.Arrived(2) with { Tenant = new TenantId("modest") });
        RequestStatus running = greedy.Started(new SegmentAttempt(greedy.Request, 0, 1), "w0", desk.Now);
        desk.Tell(running);
        desk.Tell(running.EndedInTool(desk.Now, 64, 16, "tool", null, 8));
        desk.Tell(desk.Arrived(3) with { Tenant = new TenantId("greedy") });
        desk.Tell(desk.Arrived(4) with { Tenant = new TenantId("modest") });
        Assert.Equal([2, 4, 3], Given(desk.Pull(Pull())));
    }
}
