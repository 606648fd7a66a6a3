using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>The place of a segment in the order: lower band first, then higher score, then earlier arrival, then id.</summary>
/// <param name="Band">Guard lane −1; then queue levels 0, 1, …; policies without levels use 0.</param>
/// <param name="Score">Higher runs first inside a band.</param>
/// <param name="Arrival">Tie-break: when the agent request arrived.</param>
/// <param name="Request">Last tie-break, so that the order is total on every machine.</param>
public readonly record struct Rank(int Band, double Score, Instant Arrival, RequestId Request) : IComparable<Rank>
{
    /// <summary>Band of the guard lane (SCHEDULING.md §3).</summary>
    public const int GuardBand = -1;

    /// <summary>Negative when this one runs before the other.</summary>
    public int CompareTo(Rank other)
    {
        int byBand = Band.CompareTo(other.Band);
        if (byBand != 0)
            return byBand;
        int byScore = other.Score.CompareTo(Score);
        if (byScore != 0)
            return byScore;
        int byArrival = Arrival.CompareTo(other.Arrival);
        return byArrival != 0 ? byArrival : Request.CompareTo(other.Request);
    }
}

/// <summary>All that ranking a segment needs; travels with the lease, so a worker ranks between steps as the scheduler does.</summary>
/// <param name="Request">The agent request.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="Level">Queue level, from 0.</param>
/// <param name="Waited">Ready but not running so far, earlier intervals (W, first part).</param>
/// <param name="ReadySince">Start of the open waiting interval, or null while it runs (W, second part).</param>
/// <param name="SegmentSeconds">Predicted service time of this segment on the worker concerned (T, device seconds).</param>
/// <param name="RemainingSeconds">Predicted remaining work of the whole request, this segment included (R, device seconds).</param>
/// <param name="IsolatedSeconds">Service time of this segment on an idle worker with its KV kept (s); the guard lane's unit.</param>
/// <param name="Blocks">KV blocks it will hold at the end of the segment (blocks).</param>
/// <remarks>A value, passed by reference: a plan looks at every ready segment, and an object for each would be most of its cost.</remarks>
public readonly record struct RankInputs(
    RequestId Request,
    Instant Arrival,
    int Level,
    TimeSpan Waited,
    Instant? ReadySince,
    double SegmentSeconds,
    double RemainingSeconds,
    double IsolatedSeconds,
    int Blocks)
{
    /// <summary>When this segment first became ready; unlike <see cref="ReadySince"/> it stays when the segment starts or is set aside.</summary>
    public Instant SegmentSince { get; init; }

    /// <summary>Device seconds its ended segments have used (s).</summary>
    public double AttainedSeconds { get; init; }

    /// <summary>Device seconds this segment has had under its lease (s). The worker says so between steps; 0 in leases.</summary>
    public double ServedSeconds { get; init; }

    /// <summary>Tokens of the context: input and output so far (tokens).</summary>
    public int ContextTokens { get; init; }

    /// <summary>Of these, tokens without KV on the worker concerned (tokens).</summary>
    public int UncachedTokens { get; init; }

    /// <summary>Output expected to come in this segment (tokens).</summary>
    public double OutputTokens { get; init; }

    /// <summary>How long the tool after this segment is expected to take; 0 when the segment is expected to be the last, or nothing is known (s).</summary>
    public double ToolSeconds { get; init; }

    /// <summary>Time to compute the whole context again: T_fwd(C) (s).</summary>
    public double RecomputeSeconds { get; init; }

    /// <summary>Time to copy the whole context to or from the host tier: T_swap(C) (s).</summary>
    public double SwapSeconds { get; init; }

    /// <summary>Whether its KV was pinned for it while its tool worked.</summary>
    public bool Pinned { get; init; }

    /// <summary>Share of its life so far that it spent waiting for tools, between 0 and 1.</summary>
    public double Idleness { get; init; }

    /// <summary>Device seconds its tenant has had beyond the tenant that has had least (s).</summary>
    public double TenantLead { get; init; }

    /// <summary>W: seconds the request was ready but not running, up to now.</summary>
    public double WaitedSeconds(Instant now) =>
        (Waited + (ReadySince is { } since ? Max(now - since, TimeSpan.Zero) : TimeSpan.Zero)).TotalSeconds;

    /// <summary>Seconds this segment has been ready without running, up to now: what the guard lane counts.</summary>
    public double OpenWaitSeconds(Instant now) => ReadySince is { } since ? Math.Max(0, (now - since).TotalSeconds) : 0;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}

/// <summary>How agent requests are ordered. One policy per file; the same object ranks in the scheduler and between engine steps.</summary>
public interface ISchedulingPolicy
{
    /// <summary>Name in options, tables and records, such as <c>astraea-paper</c>.</summary>
    string Name { get; }

    /// <summary>The rank of a ready or running segment now. A pure function of its arguments.</summary>
    Rank Rank(in RankInputs inputs, int poolBlocks, Instant now);

    /// <summary>The level a request starts at, and moves to when a segment of it ended or while it waits.</summary>
    int Level(in LevelInputs inputs, Instant now);

    /// <summary>What workers do with KV when a tool is called.</summary>
    IKvPolicy Kv { get; }

    /// <summary>Which agent requests may hold memory, or null when all may.</summary>
    IActivePrograms? Active => null;

    /// <summary>Whether <see cref="RankInputs.TenantLead"/> matters to it.</summary>
    bool WeighsTenants => false;

    /// <summary>Whether the time to compute discarded KV again counts as waited (SCHEDULING.md §1).</summary>
    bool CarriesDiscards => false;

    /// <summary>Whether a segment of a lower queue may take memory the head of a higher one does not fit in.</summary>
    bool LowerQueuesFill { get; }

    /// <summary>Whether new segments join only when the running batch has ended (the paper's batches) instead of at any step.</summary>
    bool BatchSynchronous { get; }

    /// <summary>Whether a higher-ranked segment may take the memory of a running lower-ranked one between two steps.</summary>
    bool PreemptsRunning { get; }

    /// <summary>Share of step tokens and blocks that the guard lane owns (φ); 0 when the policy has none.</summary>
    double GuardShare { get; }

    /// <summary>Open wait in multiples of isolated service after which a segment joins the guard lane (D); infinity when there is none.</summary>
    double GuardAfter { get; }
}

/// <summary>What moves a request between levels (SCHEDULING.md §1, §3).</summary>
/// <param name="Current">Present level, or −1 on arrival.</param>
/// <param name="Segment">Token cost (uncached new + output, tokens) of the segment that just ended or has run so far; 0 when none has.</param>
/// <param name="EndedInTool">Whether the segment just ended in a tool call.</param>
/// <param name="WaitedSeconds">W (s).</param>
/// <param name="SegmentSeconds">T of the segment that is ready (s).</param>
/// <param name="RemainingSeconds">R (s).</param>
public readonly record struct LevelInputs(int Current, int Segment, bool EndedInTool, double WaitedSeconds, double SegmentSeconds, double RemainingSeconds)
{
    /// <summary>Device seconds of its ended segments (s).</summary>
    public double AttainedSeconds { get; init; }

    /// <summary>Input tokens of the segment that is ready without KV (tokens).</summary>
    public int UncachedTokens { get; init; }
}
