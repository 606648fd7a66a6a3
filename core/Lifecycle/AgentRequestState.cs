using System.Collections.Immutable;
using Astraea.Core.KvCache;

namespace Astraea.Core.Lifecycle;

/// <summary>What the history of an agent request amounts to. Written by <see cref="AgentRequestMachine.Apply"/> alone.</summary>
public sealed class AgentRequestState
{
    internal AgentRequestState(RequestId id) => Id = id;

    /// <summary>The agent request.</summary>
    public RequestId Id { get; }

    /// <summary>Number of events so far: the version of the newest one.</summary>
    public long Version { get; internal set; }

    /// <summary>Version of the newest event that changes what the scheduler would decide.</summary>
    public long SchedulerVersion { get; internal set; }

    /// <summary>Owner.</summary>
    public TenantId Tenant { get; internal set; }

    /// <summary>Where it runs.</summary>
    public PoolId Pool { get; internal set; }

    /// <summary>Class for predictors; empty when unknown.</summary>
    public string Category { get; internal set; } = "";

    /// <summary>The request whose conversation this one goes on from.</summary>
    public RequestId? Parent { get; internal set; }

    /// <summary>First request of the chain.</summary>
    public RequestId Session { get; internal set; }

    /// <summary>Arrival.</summary>
    public Instant SubmittedAt { get; internal set; }

    /// <summary>Where it stands.</summary>
    public RequestPhase Phase { get; internal set; }

    /// <summary>Since when it stands there.</summary>
    public Instant PhaseSince { get; internal set; }

    /// <summary>When it wants to be woken, if at all.</summary>
    public Instant? NextDue { get; internal set; }

    /// <summary>Ordinal of the current segment, or of the one that ended last.</summary>
    public int Segment { get; internal set; }

    /// <summary>What is asked of that segment.</summary>
    public SegmentSpec Spec { get; internal set; } = new(0, 0, false, new Sampling(), [], ToolMode.None, null, null, false);

    /// <summary>Highest attempt so far; 0 before the first.</summary>
    public int Attempt { get; internal set; }

    /// <summary>Who runs it, or ran it last.</summary>
    public WorkerId? Worker { get; internal set; }

    /// <summary>Queue level at the last start; −1 before the first.</summary>
    public int Level { get; internal set; } = -1;

    /// <summary>The plan's reason for the last start.</summary>
    public string WhyRanked { get; internal set; } = "";

    /// <summary>Where its KV lives, as a worker said last.</summary>
    public KvPlace? Kv { get; internal set; }

    /// <summary>Longest context, from its start, that some worker has computed KV for (tokens).</summary>
    public int ComputedTokens { get; internal set; }

    /// <summary>Ready but not running, ended intervals.</summary>
    public TimeSpan Waited { get; internal set; }

    /// <summary>Device seconds of the ended segments (s).</summary>
    public double AttainedSeconds { get; internal set; }

    /// <summary>Calls whose results are awaited; empty unless in <see cref="RequestPhase.ToolWait"/>.</summary>
    public ImmutableArray<ToolCall> PendingCalls { get; internal set; } = [];

    /// <summary>Calls the request has made so far: ordinal of the next.</summary>
    public int CallCount { get; internal set; }

    /// <summary>Ended segments, in order.</summary>
    public ImmutableArray<SegmentOutcome> Outcomes { get; internal set; } = [];

    /// <summary>Input token ids of the current segment.</summary>
    public IReadOnlyList<int> Context => ContextIds;

    /// <summary>Output token ids of the current segment, or of the one that ended last.</summary>
    public IReadOnlyList<int> Output => OutputIds;

    /// <summary>Whether nothing can happen any more.</summary>
    public bool HasEnded => Phase.HasEnded();

    internal List<int> ContextIds { get; } = [];

    internal List<int> OutputIds { get; } = [];

    internal List<AcceptedExchange> Exchanges { get; } = [];

    /// <summary>Attempt that ended the segment that ended last; 0 before: a report that is sent again is recognised by it.</summary>
    internal int EndedAttempt { get; set; }

    /// <summary>Device seconds of the current segment's returned attempts (s).</summary>
    internal double ReturnedSeconds { get; set; }

    /// <summary>The token at a position of the context, output included.</summary>
    internal int TokenAt(int position) => position < ContextIds.Count ? ContextIds[position] : OutputIds[position - ContextIds.Count];
}

/// <summary>A POST that is part of the history, with the calls it answered.</summary>
internal sealed record AcceptedExchange(Exchange Exchange, ImmutableArray<string> CallIds);

/// <summary>Questions about phases.</summary>
public static class RequestPhases
{
    /// <summary>Whether this phase is the last one.</summary>
    public static bool HasEnded(this RequestPhase phase) =>
        phase is RequestPhase.Completed or RequestPhase.Failed or RequestPhase.Cancelled;

    /// <summary>Whether an event ends its request.</summary>
    public static bool IsTerminal(this RequestEvent happened) =>
        happened is RequestEvent.RequestCompleted or RequestEvent.RequestFailed or RequestEvent.RequestCancelled;
}
