using System.Collections.Immutable;
using Astraea.Core.KvCache;

namespace Astraea.Core.Lifecycle;

/// <summary>What the scheduler is told about an agent request: a whole picture each time, so a lost or repeated one does no harm.</summary>
/// <param name="Request">The agent request.</param>
/// <param name="Version">Version of its history that this picture shows; older pictures are ignored.</param>
/// <param name="Pool">Where it runs.</param>
/// <param name="Tenant">Owner.</param>
/// <param name="Category">Class for predictors; empty when unknown.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="PhaseSince">Since when it stands there.</param>
/// <param name="SubmittedAt">Arrival.</param>
/// <param name="Segment">Ordinal of the current segment, or of the one that ended last.</param>
/// <param name="Attempt">Highest attempt so far; a new lease carries this + 1.</param>
/// <param name="Worker">Who runs it, when running.</param>
/// <param name="ContextTokens">Tokens the next step of the segment must have KV for: input and output so far (tokens).</param>
/// <param name="OutputTokens">Output of the current segment so far (tokens).</param>
/// <param name="MinOutputTokens">From the segment's spec (tokens).</param>
/// <param name="MaxOutputTokens">From the segment's spec (tokens).</param>
/// <param name="Waited">Seconds it was ready but not running in earlier intervals; the open interval starts at <see cref="PhaseSince"/>.</param>
/// <param name="AttainedSeconds">Device seconds of its ended segments (s).</param>
/// <param name="Level">Queue level recorded at its last start; −1 before the first.</param>
/// <param name="Tool">Tool that it waits for, or that the last wait was for; null before the first call.</param>
/// <param name="Kv">Where its KV lives, or null.</param>
/// <param name="Ended">Its ended segments, in order: what predictors learn from.</param>
public sealed record RequestStatus(
    RequestId Request,
    long Version,
    PoolId Pool,
    TenantId Tenant,
    string Category,
    RequestPhase Phase,
    Instant PhaseSince,
    Instant SubmittedAt,
    int Segment,
    int Attempt,
    WorkerId? Worker,
    int ContextTokens,
    int OutputTokens,
    int MinOutputTokens,
    int MaxOutputTokens,
    TimeSpan Waited,
    double AttainedSeconds,
    int Level,
    string? Tool,
    KvPlace? Kv,
    ImmutableArray<SegmentOutcome> Ended)
{
    /// <summary>The request whose conversation this one goes on from, or null: KV left behind by it is a placement hint.</summary>
    public RequestId? Parent { get; init; }
}

/// <summary>One ended segment, as predictors and the level rule see it.</summary>
/// <param name="UncachedTokens">Input tokens that had to be computed (tokens).</param>
/// <param name="OutputTokens">Tokens of output, sampled and fed (tokens).</param>
/// <param name="DeviceSeconds">What it cost (s).</param>
/// <param name="Tool">Tool called at its end, or null.</param>
/// <param name="ToolSeconds">How long that tool took (s), or null while it works.</param>
public sealed record SegmentOutcome(int UncachedTokens, int OutputTokens, double DeviceSeconds, string? Tool, double? ToolSeconds);

/// <summary>Work in the outside world that an agent request wants to be going on.</summary>
public abstract record RequestEffect
{
    private RequestEffect() { }

    /// <summary>The scheduler of the pool shall know this picture.</summary>
    /// <remarks>Compared by version: one notice for each version that matters to the scheduler.</remarks>
    public sealed record TellScheduler(PoolId Pool, long Version) : RequestEffect;

    /// <summary>Post <see cref="RequestMessage.Wake"/> at this moment.</summary>
    public sealed record WakeAt(Instant At) : RequestEffect;
}
