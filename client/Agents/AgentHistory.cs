using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents;

/// <summary>What happened to a run so far.</summary>
/// <param name="Id">The agent request.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Events">Its events in order.</param>
public sealed record AgentHistory(string Id, RequestPhase Phase, ImmutableArray<AgentEvent> Events);

/// <summary>One event of a history, without texts and token ids. What does not belong to its type is null.</summary>
/// <param name="Version">Place in the history, from 1.</param>
/// <param name="Type">What happened, such as <c>segment_started</c>.</param>
/// <param name="At">When, UTC.</param>
public sealed record AgentEvent(long Version, string Type, DateTimeOffset At)
{
    /// <summary>Ordinal of the exchange that began.</summary>
    public int? Exchange { get; init; }

    /// <summary>Ordinal of the segment.</summary>
    public int? Segment { get; init; }

    /// <summary>The attempt at it.</summary>
    public int? Attempt { get; init; }

    /// <summary>Who runs it.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>Queue level it was leased at.</summary>
    public int? Level { get; init; }

    /// <summary>Why the scheduler ranked it so.</summary>
    public string? WhyRanked { get; init; }

    /// <summary>Input of the first segment (tokens).</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of the former context that still stand (tokens).</summary>
    public int? KeptTokens { get; init; }

    /// <summary>Tokens added to the context (tokens).</summary>
    public int? AppendedTokens { get; init; }

    /// <summary>Index in the segment's output of the first token.</summary>
    public int? Offset { get; init; }

    /// <summary>Output tokens that became durable (tokens).</summary>
    public int? Tokens { get; init; }

    /// <summary>How the segment ended.</summary>
    public FinishReason? Finish { get; init; }

    /// <summary>Names of the functions called.</summary>
    public ImmutableArray<string>? Calls { get; init; }

    /// <summary>What the attempt cost.</summary>
    public SegmentUsage? Usage { get; init; }

    /// <summary>Where the KV is, and by which decision.</summary>
    public KvPlace? Kv { get; init; }

    /// <summary>Machine-readable reason of a failure.</summary>
    public string? Code { get; init; }

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>Shortens an event of a history, as the gateway does for <c>GET /v1/astraea/requests/{id}</c>.</summary>
    public static AgentEvent Of(RecordedEvent recorded)
    {
        AgentEvent Row(string type) => new(recorded.Version, type, recorded.Event.At.ToDateTimeOffset());
        return recorded.Event switch
        {
            RequestEvent.Submitted e => Row("submitted") with { Exchange = e.Exchange.Ordinal, PromptTokens = e.PromptTokens.Length },
            RequestEvent.SegmentStarted e => Row("segment_started") with
            {
                Segment = e.Segment, Attempt = e.Attempt, Worker = e.Worker, Level = e.Level, WhyRanked = e.WhyRanked,
            },
            RequestEvent.TokensGenerated e => Row("tokens_generated") with
            {
                Segment = e.Segment, Attempt = e.Attempt, Offset = e.Offset, Tokens = e.Tokens.Length,
            },
            RequestEvent.SegmentReturned e => Row("segment_returned") with { Segment = e.Segment, Attempt = e.Attempt, Reason = e.Reason, Usage = e.Usage },
            RequestEvent.SegmentEnded e => Row("segment_ended") with
            {
                Segment = e.Segment, Attempt = e.Attempt, Finish = e.Finish, Calls = [.. e.Calls.Select(c => c.Name)], Usage = e.Usage, Kv = e.Kv,
            },
            RequestEvent.ToolResultsPosted e => Row("tool_results_posted") with
            {
                Exchange = e.Exchange.Ordinal, KeptTokens = e.KeptTokens, AppendedTokens = e.AppendedTokens.Length,
            },
            RequestEvent.KvMoved e => Row("kv_moved") with { Kv = e.Kv },
            RequestEvent.RequestCompleted => Row("completed"),
            RequestEvent.RequestFailed e => Row("failed") with { Code = e.Code, Reason = e.Message },
            RequestEvent.RequestCancelled e => Row("cancelled") with { Reason = e.Reason },
            _ => throw new ArgumentOutOfRangeException(nameof(recorded), recorded.Event, "No such event."),
        };
    }
}
