using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using static Astraea.Core.Tests.Scheduling.SchedulerDesk;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>Placement, migration and learning through the machine.</summary>
public class SchedulerPlacementTests
{
    [Fact]
    public void A_returning_segment_goes_home_and_says_what_the_home_holds()
    {
        SchedulerDesk desk = Desk();
        desk.Tell(desk.Arrived(1, context: 905) with { Kv = Place("w1", 832) });
        Assert.True(desk.Pull(Idle("w0")).IsEmpty);
        Assert.StartsWith("home w1 holds 832 of 905 tokens; score 1.00 at level 0", Assert.Single(desk.Pull(Idle("w1")).Leases).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_segment_is_taken_from_a_busy_home_and_says_both_finishes()
    {
        SchedulerDesk desk = Desk();
        HeldLease[] busy = [.. Occupy(desk, "w1", 4)];
        desk.Tell(desk.Arrived(1, context: 320) with { Kv = Place("w1", 304) });
        Lease lease = Assert.Single(desk.Pull(Idle("w0")).Leases);
        Assert.Matches(@"^taken from w1: done in 0\.48 s here, \d+\.\d\d s there, 304 tokens again; score 1\.00 at level 0$", lease.Reason);
        Assert.Empty(desk.Pull(Idle("w1", slots: 0, held: [.. busy])).Leases);
    }

    [Fact]
    public void Cost_of_missing_kv_is_in_the_service_time_a_lease_carries()
    {
        SchedulerDesk desk = Desk();
        desk.Tell(desk.Arrived(1, context: 320, output: 10) with { Kv = Place("w1", 160, 304) });
        RankInputs inputs = desk.Pull(Idle("w1")).Leases[0].Inputs;
        // 16 computed at 1 ms, 144 copied at 0.1 ms, 10 generated at 10 ms.
        Assert.Equal(0.016 + 0.0144 + 0.1, inputs.SegmentSeconds, 1e-12);
        // Isolated: nothing of it was known to be kept when it arrived, but what lay on the worker then.
        Assert.Equal(0.016 + 0.1, inputs.IsolatedSeconds, 1e-12);
    }

    [Fact]
    public void Idle_kv_of_a_busy_worker_is_ordered_to_an_idle_one_once()
    {
        SchedulerDesk desk = Desk();
        for (int i = 0; i < 40; i++)
            Finish(desk, 100 + i, toolSeconds: 60);
        HeldLease[] busy = [.. Occupy(desk, "w1", 4)];
        RequestStatus waiting = ToolWait(desk, 1, "w1");
        desk.Tell(waiting);
        desk.Pass(1);
        PullRequest pull = Idle("w1", slots: 0, held: [.. busy]);
        Migration migration = Assert.Single(desk.Pull(pull).Migrations);
        Assert.Equal(Id(1), migration.Request);
        Assert.Equal("w0", migration.Target.Value);
        Assert.Equal("http://w0", migration.TargetAddress);
        Assert.Equal("", migration.Ticket);
        Assert.Matches(@"^240 tokens to w0: next segment done \d+\.\d\d s sooner, tool still works then with chance (0\.9\d|1\.00)$", migration.Reason);
        Assert.Empty(desk.Pull(pull).Migrations);
    }

    [Theory]
    [InlineData("other numerics")]
    [InlineData("no host room")]
    [InlineData("tool soon done")]
    public void Idle_kv_stays_when_it_cannot_or_should_not_move(string why)
    {
        SchedulerDesk desk = Desk();
        for (int i = 0; i < 40; i++)
            Finish(desk, 100 + i, toolSeconds: why == "tool soon done" ? 1.02 : 60);
        HeldLease[] busy = [.. Occupy(desk, "w1", 4)];
        desk.Tell(ToolWait(desk, 1, "w1"));
        desk.Pass(1);
        PullRequest target = Idle("w0");
        desk.Pull(why == "other numerics" ? target with { NumericsClass = "gpu" } : why == "no host room" ? target with { BlocksHostFree = 14 } : target);
        Assert.Empty(desk.Pull(Idle("w1", slots: 0, held: [.. busy])).Migrations);
    }

    [Fact]
    public void Idle_kv_stays_when_as_many_agents_live_at_the_idle_worker()
    {
        SchedulerDesk desk = Desk();
        for (int i = 0; i < 40; i++)
            Finish(desk, 100 + i, toolSeconds: 60);
        HeldLease[] busy = [.. Occupy(desk, "w1", 4)];
        desk.Tell(ToolWait(desk, 1, "w1"));
        // The other worker has nothing to do now, but as much work will come back to it when its tools answer.
        for (int i = 2; i < 42; i++)
            desk.Tell(ToolWait(desk, i, "w0"));
        desk.Pass(1);
        Assert.Empty(desk.Pull(Idle("w1", slots: 0, held: [.. busy])).Migrations);
    }

    [Fact]
    public void A_workers_word_on_its_own_kv_moves_the_home()
    {
        SchedulerDesk desk = Desk();
        desk.Tell(desk.Arrived(1, context: 320) with { Kv = Place("w1", 160) });
        desk.Pull(Idle("w0") with { Residence = [new KvResidence(Id(1), Place("w0", 0, 304))] });
        Assert.Equal("w0", desk.Look().Requests[0].Kv!.Worker.Value);
        desk.Pull(Idle("w1") with { Residence = [new KvResidence(Id(1), Place("w1", 0))] });
        Assert.Equal("w0", desk.Look().Requests[0].Kv!.Worker.Value);
        desk.Pull(Idle("w0", slots: 0) with { Residence = [new KvResidence(Id(1), Place("w0", 0))] });
        Assert.Null(desk.Look().Requests[0].Kv);
    }

    [Fact]
    public void Each_segment_is_learned_once_however_often_it_is_told()
    {
        SchedulerDesk desk = Desk();
        RequestStatus waiting = ToolWait(desk, 1, "w0");
        desk.Tell(waiting);
        for (int i = 1; i <= 50; i++)
            desk.Tell(waiting with { Version = waiting.Version + i });
        // One observation of 16 against a prior of 128, down the chain: all, category, ordinal, tool.
        double expected = 128;
        for (int key = 0; key < 4; key++)
            expected = (16 + 4 * expected) / 5;
        Assert.Equal(expected, desk.State.Predictors.Output.Total("agent", null, 0, 0, 0, 0), 1e-9);
    }

    [Fact]
    public void Remaining_work_of_completed_requests_ranks_the_next_ones()
    {
        SchedulerDesk desk = Desk();
        for (int i = 0; i < 200; i++)
            Finish(desk, 100 + i, toolSeconds: 1, restSeconds: 30, category: "long");
        desk.Tell(desk.Arrived(1, category: "long"));
        desk.Tell(desk.Arrived(2, category: "other"));
        RequestView[] views = [.. desk.Look().Requests];
        Assert.InRange(views[0].RemainingSeconds, 28, 32);
        Assert.Equal(3, views[0].Level);
    }

    [Fact]
    public void The_papers_discard_carries_its_recomputation_into_the_wait()
    {
        SchedulerDesk desk = new(SchedulingPolicies.Create("astraea-paper"));
        desk.Pull(Idle("w0"));
        RequestStatus waiting = ToolWait(desk, 1, "w0");
        waiting = waiting with { Kv = waiting.Kv! with { Decision = KvDecision.Discard, DeviceTokens = 0, HostTokens = 0 } };
        desk.Tell(waiting);
        desk.Pass(1);
        desk.Tell(waiting.ResultsCame(desk.Now, 10));
        // 256 tokens of context at 1 ms.
        Assert.Equal(0.256, desk.Pull(Idle("w0")).Leases[0].Inputs.Waited.TotalSeconds, 1e-9);
    }

    private static SchedulerDesk Desk()
    {
        SchedulerDesk desk = new(SchedulingPolicies.Create("astraea"));
        desk.Pull(Idle("w0"));
        desk.Pull(Idle("w1"));
        return desk;
    }

    /// <summary>Fills a worker with running segments of ten seconds each.</summary>
    private static List<HeldLease> Occupy(SchedulerDesk desk, string worker, int count)
    {
        List<HeldLease> held = [];
        for (int i = 0; i < count; i++)
        {
            RequestStatus status = desk.Arrived(900 + i, context: 32, output: 100).Started(new SegmentAttempt(Id(900 + i), 0, 1), worker, desk.Now);
            desk.Tell(status);
            held.Add(new HeldLease(new SegmentAttempt(Id(900 + i), 0, 1), true));
        }
        desk.Pull(Idle(worker, slots: 0, held: [.. held]));
        return held;
    }

    private static RequestStatus ToolWait(SchedulerDesk desk, int id, string worker) => desk.Arrived(id, context: 240)
        .Started(new SegmentAttempt(Id(id), 0, 1), worker, desk.Now)
        .EndedInTool(desk.Now, 240, 16, "tool", Place(worker, 240));

    private static void Finish(SchedulerDesk desk, int id, double toolSeconds, double restSeconds = 0.1, string category = "agent")
    {
        RequestStatus status = (desk.Arrived(id, category: category) with { Kv = null }).Started(new SegmentAttempt(Id(id), 0, 1), "w0", desk.Now)
            .EndedInTool(desk.Now, 64, 16, "tool");
        status = status with { PhaseSince = desk.Now - TimeSpan.FromSeconds(toolSeconds) };
        desk.Tell(status.ResultsCame(desk.Now, 10).Completed(desk.Now, 10, 16, restSeconds));
    }
}
