using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Which of the scheduler's lists a request is in.</summary>
internal enum LiveList
{
    None,

    /// <summary>Wants a worker.</summary>
    Ready,

    /// <summary>Offered to, or run by, a worker.</summary>
    Leased,

    /// <summary>Waits for a tool.</summary>
    Idle,
}

/// <summary>A lease as the scheduler sees it.</summary>
/// <param name="Attempt">The offer.</param>
/// <param name="Worker">To whom.</param>
/// <param name="Inputs">What it was ranked by.</param>
/// <param name="Guarded">Counts against the guard lane's share.</param>
/// <param name="Beyond">Offered beyond what was free.</param>
/// <param name="Started">Whether the request's picture says it runs.</param>
/// <param name="At">Since when it is in this state.</param>
/// <param name="MissingSince">Since when its worker has not named it.</param>
internal sealed record LeaseRecord(
    SegmentAttempt Attempt, WorkerId Worker, RankInputs Inputs, bool Guarded, bool Beyond, bool Started, Instant At, Instant? MissingSince);

/// <summary>A live request in the scheduler: its newest picture, and what follows from it. Changed by Apply alone.</summary>
internal sealed class LiveRequest(RequestStatus status)
{
    public RequestStatus Status { get; set; } = status;

    public int Level { get; set; } = -1;

    public KvPlace? Kv { get; set; }

    /// <summary>The worker of <see cref="Kv"/>, when it is known and holds something.</summary>
    public KnownWorker? Home { get; set; }

    public LeaseRecord? Lease { get; set; }

    /// <summary>Highest attempt this scheduler has offered or seen.</summary>
    public int LastAttempt { get; set; }

    /// <summary>Running by its picture, but its worker has lost it: it is ready for another.</summary>
    public bool Orphaned { get; set; }

    /// <summary>Start of the open wait.</summary>
    public Instant ReadySince { get; set; }

    /// <summary>Segments that had ended in the newest picture; <see cref="Status"/> does not keep them all.</summary>
    public int EndedSegments { get; set; }

    public int LearnedSegments { get; set; }

    public int LearnedTools { get; set; }

    /// <summary>Context at the end of the last segment (tokens): with its KV kept, only what came after it is new.</summary>
    public int KeptTokens { get; set; }

    /// <summary>Segment that <see cref="IsolatedSeconds"/> was frozen for; −1 before the first.</summary>
    public int EstimatedSegment { get; set; } = -1;

    /// <summary>Whether the estimates were made before any worker had said what it costs.</summary>
    public bool EstimatedBlind { get; set; }

    /// <summary>Output still to come in this segment (tokens).</summary>
    public double OutputAhead { get; set; }

    /// <summary>Service of the rest of the segment where its KV is, or anywhere if nowhere (device seconds).</summary>
    public double HomeSeconds { get; set; }

    /// <summary>Work after this segment (device seconds).</summary>
    public double RestSeconds { get; set; }

    /// <summary>Service of the whole segment on an idle worker with KV kept (s). Frozen while the segment lives: the guard lane's bound needs a fixed D.</summary>
    public double IsolatedSeconds { get; set; }

    /// <summary>Recomputation time carried into W, where the policy says so (s).</summary>
    public double CarriedSeconds { get; set; }

    /// <summary>What ranking needs of this segment and does not change while it waits, made with the estimates; the rest is set for each worker.</summary>
    public RankInputs Template { get; set; }

    public Instant? MigrationAt { get; set; }

    /// <summary>Why it was last placed, returned or moved, for people.</summary>
    public string Note { get; set; } = "";

    public LiveList List { get; set; }

    /// <summary>The worker in whose list it is: that of its lease, or its home.</summary>
    public KnownWorker? Holder { get; set; }

    /// <summary>Place among all leased.</summary>
    public int LeasedIndex { get; set; }

    /// <summary>Place in the holder's list.</summary>
    public int HeldIndex { get; set; }

    /// <summary>The columns it is in, when ready.</summary>
    public ReadyRows? Rows { get; set; }

    /// <summary>Its row there.</summary>
    public int Row { get; set; }

    /// <summary>Where its next segment is counted while its tool works: its home, or where its KV has been ordered.</summary>
    public KnownWorker? IdleAt { get; set; }

    /// <summary>What it counts there (tokens).</summary>
    public int IdleTokens { get; set; }

    /// <summary>Set aside by a policy that lets only some requests hold memory: as if it were not ready (<see cref="ActiveSet"/>).</summary>
    public bool Paused { get; set; }

    public bool IsReady => Lease is null && !Paused && (Status.Phase == RequestPhase.Ready || (Status.Phase == RequestPhase.Running && Orphaned));

    public int NextAttempt => Math.Max(Status.Attempt, LastAttempt) + 1;

    public TimeSpan Waited => Status.Waited + TimeSpan.FromSeconds(CarriedSeconds);

    public double WaitedSeconds(Instant now) => Waited.TotalSeconds + (IsReady ? OpenWaitSeconds(now) : 0);

    public double OpenWaitSeconds(Instant now) => Math.Max(0, (now - ReadySince).TotalSeconds);

    /// <summary>Blocks the context takes once the output expected has been generated.</summary>
    public int BlocksAtEnd(int blockTokens) => Blocks((int)Math.Min(int.MaxValue / 2, Status.ContextTokens + OutputAhead), blockTokens);

    public static int Blocks(int tokens, int blockTokens) => (tokens + blockTokens - 1) / blockTokens;
}
