using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>What the scheduler heard or planned. Not stored: pictures and pulls rebuild a scheduler that was lost.</summary>
public abstract record SchedulerEvent(Instant At)
{
    /// <summary>A newer picture of a request came in.</summary>
    public sealed record Told(RequestStatus Status, Instant At) : SchedulerEvent(At);

    /// <summary>A worker said how it stands.</summary>
    public sealed record WorkerHeard(PullRequest Pull, Instant At) : SchedulerEvent(At);

    /// <summary>A segment was offered to a worker.</summary>
    /// <param name="Attempt">The offer.</param>
    /// <param name="Worker">To whom.</param>
    /// <param name="Inputs">What it was ranked by.</param>
    /// <param name="Blocks">Free blocks it is expected to take (blocks).</param>
    /// <param name="Guarded">Whether it came through the guard lane, and so counts against its share.</param>
    /// <param name="Beyond">Whether it was offered beyond what is free, to displace lower-ranked work.</param>
    /// <param name="Reason">Why, in words with figures.</param>
    /// <param name="At">When.</param>
    public sealed record Leased(
        SegmentAttempt Attempt, WorkerId Worker, RankInputs Inputs, int Blocks, bool Guarded, bool Beyond, string Reason, Instant At) : SchedulerEvent(At);

    /// <summary>A worker holds a lease that this scheduler did not give, or had lost sight of, and may keep it.</summary>
    public sealed record LeaseAdopted(SegmentAttempt Attempt, WorkerId Worker, bool Running, Instant At) : SchedulerEvent(At);

    /// <summary>A worker no longer names a lease; its end may be on the way.</summary>
    public sealed record LeaseMissed(SegmentAttempt Attempt, Instant At) : SchedulerEvent(At);

    /// <summary>A lease is void; the segment is ready again.</summary>
    public sealed record LeaseReturned(SegmentAttempt Attempt, string Reason, Instant At) : SchedulerEvent(At);

    /// <summary>A worker was not heard of for too long.</summary>
    public sealed record WorkerLost(WorkerId Worker, Instant At) : SchedulerEvent(At);

    /// <summary>A waiting request moved to another level.</summary>
    public sealed record LevelMoved(RequestId Request, int Level, Instant At) : SchedulerEvent(At);

    /// <summary>Idle KV was ordered to another worker.</summary>
    public sealed record MigrationOrdered(RequestId Request, WorkerId Target, int Blocks, Instant At) : SchedulerEvent(At);

    /// <summary>At that moment a parked pull may get another answer although nothing happens before.</summary>
    public sealed record WakeWanted(Instant Wake, Instant At) : SchedulerEvent(At);

    /// <summary>Time passed.</summary>
    public sealed record Swept(Instant At) : SchedulerEvent(At);
}

/// <summary>Work in the outside world that the scheduler wants to be going on.</summary>
public abstract record SchedulerEffect
{
    private SchedulerEffect() { }

    /// <summary>Post <see cref="SchedulerMessage.Sweep"/> at this moment, beside the regular sweeps.</summary>
    public sealed record WakeAt(Instant At) : SchedulerEffect;
}
