using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using static Astraea.Core.Tests.Scheduling.SchedulerDesk;

namespace Astraea.Core.Tests.Scheduling;

public class SchedulerMachineTests
{
    private static SchedulerDesk Desk(string policy = "astraea") => new(SchedulingPolicies.Create(policy));

    [Fact]
    public void A_ready_segment_is_leased_once_with_a_reason()
    {
        SchedulerDesk desk = Desk();
        desk.Tell(desk.Arrived(1));
        Lease lease = Assert.Single(desk.Pull(Idle("w0")).Leases);
        Assert.Equal(new SegmentAttempt(Id(1), 0, 1), lease.Attempt);
        Assert.Matches(@"^new: done in 0\.22 s on w0, no other has room; score 1\.00 at level 0$", lease.Reason);
        Assert.Equal(5, lease.Inputs.Blocks);
        Assert.True(desk.Pull(Idle("w0", held: [new HeldLease(lease.Attempt, false)])).IsEmpty);
        Assert.True(desk.Pull(Idle("w1")).IsEmpty);
    }

    [Fact]
    public void Handle_does_not_change_the_state()
    {
        SchedulerDesk desk = Desk();
        for (int i = 1; i <= 5; i++)
            desk.Tell(desk.Arrived(i));
        desk.Pull(Idle("w1", slots: 1));
        var machine = new SchedulerMachine(SchedulingPolicies.Create("astraea"), null, 7);
        var message = new SchedulerMessage.Pull(Idle("w0"));
        var first = machine.Handle(desk.State, message, desk.Now);
        var second = machine.Handle(desk.State, message, desk.Now);
        Assert.NotEmpty(first.Events);
        Assert.Equal(first.Events.Select(e => e.ToString()), second.Events.Select(e => e.ToString()));
    }

    [Fact]
    public void Leases_stay_within_free_blocks()
    {
        SchedulerDesk desk = Desk();
        for (int i = 1; i <= 8; i++)
            desk.Tell(desk.Arrived(i));
        // Five blocks each: 64 tokens of context, 16 of output.
        Assert.Equal(2, desk.Pull(Idle("w0", free: 14, slots: 8)).Leases.Length);
    }

    [Fact]
    public void Leases_stay_within_slots_and_a_quarter()
    {
        SchedulerDesk desk = Desk();
        for (int i = 1; i <= 20; i++)
            desk.Tell(desk.Arrived(i));
        Assert.Equal(10, desk.Pull(Idle("w0", blocks: 1000, slots: 8)).Leases.Length);
    }

    [Fact]
    public void An_older_picture_is_ignored()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        RequestStatus running = ready.Started(new SegmentAttempt(Id(1), 0, 1), "w0", desk.Now);
        desk.Tell(running);
        desk.Tell(ready);
        Assert.True(desk.Pull(Idle("w1")).IsEmpty);
    }

    [Fact]
    public void A_late_picture_of_an_ended_request_does_not_bring_it_back()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        desk.Tell(ready);
        RequestStatus running = ready.Started(new SegmentAttempt(Id(1), 0, 1), "w0", desk.Now);
        desk.Tell(running.Completed(desk.Now, 64, 16));
        desk.Tell(running);
        Assert.Equal(0, desk.State.LiveRequests);
    }

    [Fact]
    public void A_lease_of_an_ended_request_is_revoked()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        desk.Tell(ready);
        SegmentAttempt attempt = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Tell(ready with { Version = 2, Phase = RequestPhase.Cancelled });
        Revoke revoke = Assert.Single(desk.Pull(Idle("w0", held: [new HeldLease(attempt, true)])).Revokes);
        Assert.Equal(attempt, revoke.Attempt);
        Assert.Equal("the request has ended", revoke.Reason);
    }

    [Fact]
    public void A_lease_not_started_in_time_goes_to_another_with_a_higher_attempt()
    {
        SchedulerDesk desk = Desk();
        desk.Tell(desk.Arrived(1));
        SegmentAttempt first = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Pass(10.5);
        desk.Sweep();
        SegmentAttempt second = desk.Pull(Idle("w1")).Leases[0].Attempt;
        Assert.Equal(first.Attempt + 1, second.Attempt);
        Revoke revoke = Assert.Single(desk.Pull(Idle("w0", held: [new HeldLease(first, false)])).Revokes);
        Assert.Equal("w1 has attempt 2", revoke.Reason);
    }

    [Fact]
    public void A_lost_workers_running_segment_becomes_ready_again_and_its_kv_is_forgotten()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1) with { Kv = Place("w0", 48) };
        desk.Pull(Idle("w0"));
        desk.Tell(ready);
        SegmentAttempt first = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Tell(ready.Started(first, "w0", desk.Now));
        desk.Pass(11);
        desk.Sweep();
        Lease second = Assert.Single(desk.Pull(Idle("w1")).Leases);
        Assert.Equal(2, second.Attempt.Attempt);
        Assert.StartsWith("new:", second.Reason, StringComparison.Ordinal);
        // The open wait of the new lease starts when the loss was noticed, not when the request arrived.
        Assert.Equal(desk.Now, second.Inputs.ReadySince);
    }

    [Fact]
    public void A_restarted_worker_that_no_longer_holds_a_segment_gives_it_back_after_the_grace()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        desk.Tell(ready);
        SegmentAttempt first = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Tell(ready.Started(first, "w0", desk.Now));
        Assert.True(desk.Pull(Idle("w0")).IsEmpty);
        Assert.Equal(new SchedulerEffect.WakeAt(desk.Now + TimeSpan.FromSeconds(1) + TimeSpan.FromTicks(1)), Assert.Single(desk.Owed()));
        desk.Pass(1.1);
        Assert.True(desk.Pull(Idle("w0")).IsEmpty);
        Assert.Equal(2, Assert.Single(desk.Pull(Idle("w0")).Leases).Attempt.Attempt);
    }

    [Fact]
    public void A_lease_named_again_within_the_grace_is_kept_with_its_reason()
    {
        SchedulerDesk desk = Desk();
        desk.Tell(desk.Arrived(1));
        Lease lease = desk.Pull(Idle("w0")).Leases[0];
        // A pull that was sent before the plan came back.
        Assert.True(desk.Pull(Idle("w0")).IsEmpty);
        desk.Pass(0.5);
        Assert.True(desk.Pull(Idle("w0", held: [new HeldLease(lease.Attempt, false)])).IsEmpty);
        desk.Pass(0.8);
        Assert.True(desk.Pull(Idle("w0")).IsEmpty);
        Assert.True(desk.Pull(Idle("w1")).IsEmpty);
        Assert.Equal(lease.Reason, Assert.Single(desk.Look().Requests).Reason);
    }

    [Fact]
    public void A_segment_given_back_is_not_adopted_again()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        desk.Tell(ready);
        SegmentAttempt first = desk.Pull(Idle("w0")).Leases[0].Attempt;
        RequestStatus running = ready.Started(first, "w0", desk.Now);
        desk.Tell(running);
        desk.Tell(running with { Version = running.Version + 1, Phase = RequestPhase.Ready, Worker = null });
        Plan plan = desk.Pull(Idle("w0", slots: 0, held: [new HeldLease(first, true)]));
        Assert.Equal("the worker has given it back", Assert.Single(plan.Revokes).Reason);
        Assert.Equal(2, Assert.Single(desk.Pull(Idle("w1")).Leases).Attempt.Attempt);
    }

    [Fact]
    public void A_new_scheduler_adopts_running_leases_and_keeps_levels()
    {
        SchedulerDesk desk = Desk("astraea-paper");
        RequestStatus running = desk.Arrived(1).Started(new SegmentAttempt(Id(1), 0, 3), "w0", desk.Now) with { Level = 2 };
        desk.Tell(running);
        Plan plan = desk.Pull(Idle("w0", held: [new HeldLease(new SegmentAttempt(Id(1), 0, 3), true)]));
        Assert.True(plan.IsEmpty);
        RequestView view = Assert.Single(desk.Look().Requests);
        Assert.Equal(2, view.Level);
        Assert.Equal(new WorkerId("w0"), view.Worker);
    }

    [Fact]
    public void A_new_scheduler_leaves_unknown_leases_alone_at_first_and_revokes_them_later()
    {
        SchedulerDesk desk = Desk();
        HeldLease held = new(new SegmentAttempt(Id(9), 0, 1), true);
        Assert.Empty(desk.Pull(Idle("w0", held: [held])).Revokes);
        desk.Pass(10);
        Assert.Equal("no such request is live", Assert.Single(desk.Pull(Idle("w0", held: [held])).Revokes).Reason);
    }

    [Fact]
    public void A_picture_that_runs_elsewhere_voids_an_unstarted_offer()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        desk.Tell(ready);
        SegmentAttempt first = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Pass(10.5);
        desk.Sweep();
        SegmentAttempt second = desk.Pull(Idle("w1")).Leases[0].Attempt;
        desk.Tell(ready.Started(first, "w0", desk.Now));
        Assert.Equal("w0 has attempt 1", Assert.Single(desk.Pull(Idle("w1", held: [new HeldLease(second, false)])).Revokes).Reason);
        Assert.Empty(desk.Pull(Idle("w0", held: [new HeldLease(first, true)])).Revokes);
    }

    [Fact]
    public void A_takeover_that_has_started_stands_although_the_picture_is_late()
    {
        SchedulerDesk desk = Desk();
        RequestStatus ready = desk.Arrived(1);
        desk.Tell(ready);
        SegmentAttempt first = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Pass(10.5);
        desk.Sweep();
        SegmentAttempt second = desk.Pull(Idle("w1")).Leases[0].Attempt;
        desk.Tell(ready.Started(first, "w0", desk.Now));
        Assert.Empty(desk.Pull(Idle("w1", held: [new HeldLease(second, true)])).Revokes);
        Assert.Equal("w1 has attempt 2", Assert.Single(desk.Pull(Idle("w0", held: [new HeldLease(first, false)])).Revokes).Reason);
    }

    [Fact]
    public void Batch_synchronous_gives_nothing_until_the_batch_has_ended()
    {
        SchedulerDesk desk = new(new StatefulMlfq(new StatefulMlfqOptions { BatchSynchronous = true }));
        desk.Tell(desk.Arrived(1));
        HeldLease running = new(new SegmentAttempt(Id(5), 0, 1), true);
        Assert.True(desk.Pull(Idle("w0", held: [running])).IsEmpty);
        Assert.Single(desk.Pull(Idle("w0")).Leases);
    }

    [Fact]
    public void A_strict_policy_lets_nothing_pass_what_does_not_fit()
    {
        SchedulerDesk strict = Desk("program-fcfs");
        SchedulerDesk filling = Desk("astraea-paper");
        foreach (SchedulerDesk desk in (SchedulerDesk[])[strict, filling])
        {
            desk.Tell(desk.Arrived(1, context: 320));
            desk.Pass(0.01);
            desk.Tell(desk.Arrived(2));
        }
        Assert.Empty(strict.Pull(Idle("w0", free: 10)).Leases);
        Assert.Equal(Id(2), Assert.Single(filling.Pull(Idle("w0", free: 10)).Leases).Attempt.Request);
    }

    [Fact]
    public void What_can_never_fit_a_worker_does_not_hold_up_others()
    {
        SchedulerDesk desk = Desk("program-fcfs");
        desk.Tell(desk.Arrived(1, context: 64 * 16));
        desk.Pass(0.01);
        desk.Tell(desk.Arrived(2));
        Assert.Equal(Id(2), Assert.Single(desk.Pull(Idle("w0")).Leases).Attempt.Request);
        string reason = desk.Look().Requests.Single(r => r.Request == Id(1)).Reason;
        Assert.Contains("needs 65 blocks; w0 has 59 of 64 blocks", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_higher_level_segment_is_offered_beyond_free_blocks_once()
    {
        SchedulerDesk desk = Desk();
        RequestStatus big = desk.Arrived(1, context: 600, output: 400);
        desk.Tell(big);
        SegmentAttempt attempt = desk.Pull(Idle("w0")).Leases[0].Attempt;
        desk.Tell(big.Started(attempt, "w0", desk.Now));
        desk.Tell(desk.Arrived(2));
        desk.Tell(desk.Arrived(3));
        Lease beyond = Assert.Single(desk.Pull(Idle("w0", free: 1, held: [new HeldLease(attempt, true)])).Leases);
        Assert.EndsWith($"5 blocks with 1 free, to displace {Id(1)} at level 2", beyond.Reason, StringComparison.Ordinal);
        HeldLease[] held = [new(attempt, true), new(beyond.Attempt, false)];
        Assert.Empty(desk.Pull(Idle("w0", free: 1, held: [.. held])).Leases);
    }

    [Fact]
    public void A_follow_up_goes_to_where_the_ended_request_left_its_kv()
    {
        SchedulerDesk desk = Desk();
        desk.Pull(Idle("w0"));
        desk.Pull(Idle("w1"));
        RequestStatus first = desk.Arrived(1);
        desk.Tell(first);
        SegmentAttempt attempt = desk.Pull(Idle("w1")).Leases[0].Attempt;
        RequestStatus running = first.Started(attempt, "w1", desk.Now);
        desk.Tell(running);
        desk.Tell(running.Completed(desk.Now, 64, 16) with { Kv = Place("w1", 80) });
        desk.Tell(desk.Arrived(2, context: 96) with { Parent = Id(1) });
        Assert.True(desk.Pull(Idle("w0")).IsEmpty);
        Assert.StartsWith("home w1 holds 80 of 96 tokens", desk.Pull(Idle("w1")).Leases[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_workers_pull_alone_does_not_wake_parked_pulls()
    {
        SchedulerDesk desk = Desk();
        desk.Pull(Idle("w0"));
        desk.Pull(Idle("w1"));
        long revision = desk.State.Revision;
        desk.Pull(Idle("w0"));
        desk.Pull(Idle("w1"));
        Assert.Equal(revision, desk.State.Revision);
        desk.Tell(desk.Arrived(1));
        Assert.True(desk.State.Revision > revision);
    }

    [Fact]
    public void New_requests_are_spread_over_workers_with_room()
    {
        SchedulerDesk desk = Desk();
        desk.Pull(Idle("w0"));
        desk.Pull(Idle("w1"));
        for (int i = 1; i <= 4; i++)
            desk.Tell(desk.Arrived(i));
        int first = desk.Pull(Idle("w0")).Leases.Length;
        int second = desk.Pull(Idle("w1")).Leases.Length;
        Assert.InRange(first, 1, 2);
        Assert.InRange(second, 1, 3);
    }

    [Fact]
    public void A_new_request_left_for_a_lighter_worker_is_given_to_whoever_asks_after_the_patience()
    {
        SchedulerDesk desk = Desk();
        desk.Pull(Idle("w0"));
        desk.Pull(Idle("w1"));
        desk.Tell(desk.Arrived(1));
        desk.Tell(desk.Arrived(2));
        Lease lease = Assert.Single(desk.Pull(Idle("w0")).Leases);
        HeldLease held = new(lease.Attempt, false);
        Assert.True(desk.Pull(Idle("w0", held: [held])).IsEmpty);
        SchedulerEffect.WakeAt wake = Assert.IsType<SchedulerEffect.WakeAt>(Assert.Single(desk.Owed()));
        Assert.True(wake.At - desk.Now <= TimeSpan.FromSeconds(0.6));
        desk.Pass((wake.At - desk.Now).TotalSeconds);
        desk.Sweep();
        Assert.Single(desk.Pull(Idle("w0", held: [held])).Leases);
    }
}
