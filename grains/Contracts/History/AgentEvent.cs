using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Contracts.History;

/// <summary>One event of a history, without texts and token ids. What does not belong to its type is null.</summary>
/// <param name="Version">Place in the history, from 1.</param>
/// <param name="Type">What happened, such as <c>segment_started</c>.</param>
/// <param name="At">When, UTC.</param>
public sealed record AgentEvent(long Version, string Type, DateTimeOffset At)
{
    /// <summary>Ordinal of the exchange that began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Exchange { get; init; }

    /// <summary>Ordinal of the segment.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Segment { get; init; }

    /// <summary>The attempt at it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Attempt { get; init; }

    /// <summary>Who runs it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WorkerId? Worker { get; init; }

    /// <summary>Queue level it was leased at.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Level { get; init; }

    /// <summary>Why the scheduler ranked it so.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WhyRanked { get; init; }

    /// <summary>Input of the first segment (tokens).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of the former context that still stand (tokens).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? KeptTokens { get; init; }

    /// <summary>Tokens added to the context (tokens).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AppendedTokens { get; init; }

    /// <summary>Index in the segment's output of the first token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Offset { get; init; }

    /// <summary>Output tokens that became durable (tokens).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Tokens { get; init; }

    /// <summary>How the segment ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FinishReason? Finish { get; init; }

    /// <summary>Names of the functions called.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<string>? Calls { get; init; }

    /// <summary>What the attempt cost.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SegmentUsage? Usage { get; init; }

    /// <summary>Where the KV is, and by which decision.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KvPlace? Kv { get; init; }

    /// <summary>Machine-readable reason of a failure.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>Why, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Shortens an event for people: figures and reasons, no texts and no token ids.</summary>
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
