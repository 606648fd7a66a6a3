using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Astraea.Core.KvCache;

namespace Astraea.Core.Lifecycle;

/// <summary>Something that happened to an agent request. The history of these is the only truth about it.</summary>
/// <remarks>The discriminator carries the record's version; a new shape gets a new one and an upcaster.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "e")]
[JsonDerivedType(typeof(Submitted), "submitted.1")]
[JsonDerivedType(typeof(SegmentStarted), "started.1")]
[JsonDerivedType(typeof(TokensGenerated), "tokens.1")]
[JsonDerivedType(typeof(SegmentReturned), "returned.1")]
[JsonDerivedType(typeof(SegmentEnded), "ended.1")]
[JsonDerivedType(typeof(ToolResultsPosted), "results.1")]
[JsonDerivedType(typeof(KvMoved), "kv.1")]
[JsonDerivedType(typeof(RequestCompleted), "completed.1")]
[JsonDerivedType(typeof(RequestFailed), "failed.1")]
[JsonDerivedType(typeof(RequestCancelled), "cancelled.1")]
public abstract record RequestEvent(Instant At)
{
    /// <summary>The request was accepted; its first segment is ready.</summary>
    /// <param name="Tenant">Owner.</param>
    /// <param name="Pool">Where it runs.</param>
    /// <param name="Category">Class for predictors, from the client's metadata; empty when unknown.</param>
    /// <param name="Parent">The request whose conversation this one goes on from.</param>
    /// <param name="Session">First request of the chain; equals the request itself when there is no parent.</param>
    /// <param name="Exchange">The POST that made it.</param>
    /// <param name="ConversationJson">The items of the exchange as the gateway wrote them. Opaque to core.</param>
    /// <param name="PromptTokens">Token ids of the whole context.</param>
    /// <param name="Spec">What is asked of the segment.</param>
    /// <param name="At">When.</param>
    public sealed record Submitted(
        TenantId Tenant, PoolId Pool, string Category, RequestId? Parent, RequestId Session, Exchange Exchange,
        string ConversationJson, ImmutableArray<int> PromptTokens, SegmentSpec Spec, Instant At) : RequestEvent(At);

    /// <summary>A worker began, or took over, the segment.</summary>
    /// <param name="Segment">Ordinal of the segment.</param>
    /// <param name="Attempt">The attempt that runs from now on.</param>
    /// <param name="Worker">Who runs it.</param>
    /// <param name="Epoch">Epoch of the scheduler that leased it.</param>
    /// <param name="Level">Queue level it was leased at.</param>
    /// <param name="WhyRanked">The plan's reason.</param>
    /// <param name="At">When.</param>
    public sealed record SegmentStarted(
        int Segment, int Attempt, WorkerId Worker, long Epoch, int Level, string WhyRanked, Instant At) : RequestEvent(At);

    /// <summary>Output tokens became durable, and so visible.</summary>
    /// <param name="Segment">Ordinal of the segment.</param>
    /// <param name="Attempt">The attempt that made them.</param>
    /// <param name="Offset">Index in the segment's output of the first token.</param>
    /// <param name="Tokens">Token ids.</param>
    /// <param name="At">When.</param>
    public sealed record TokensGenerated(int Segment, int Attempt, int Offset, ImmutableArray<int> Tokens, Instant At) : RequestEvent(At);

    /// <summary>The worker gave the segment back unfinished; it is ready again and keeps its output so far.</summary>
    public sealed record SegmentReturned(int Segment, int Attempt, string Reason, SegmentUsage Usage, Instant At) : RequestEvent(At);

    /// <summary>The segment is complete. With calls, the request now waits for its tools.</summary>
    public sealed record SegmentEnded(
        int Segment, int Attempt, FinishReason Finish, ImmutableArray<ToolCall> Calls, SegmentUsage Usage, KvPlace? Kv, Instant At) : RequestEvent(At);

    /// <summary>Tool results came in; the next segment is ready.</summary>
    /// <param name="Exchange">The POST that brought them.</param>
    /// <param name="ConversationJson">The items it added. Opaque to core.</param>
    /// <param name="KeptTokens">Tokens of the former context that still stand (tokens); all of them unless the echo diverged.</param>
    /// <param name="AppendedTokens">Token ids that follow them.</param>
    /// <param name="Spec">What is asked of the next segment.</param>
    /// <param name="At">When.</param>
    public sealed record ToolResultsPosted(
        Exchange Exchange, string ConversationJson, int KeptTokens, ImmutableArray<int> AppendedTokens, SegmentSpec Spec, Instant At) : RequestEvent(At);

    /// <summary>Its KV went elsewhere between segments: another tier, another worker, or away.</summary>
    public sealed record KvMoved(KvPlace Kv, Instant At) : RequestEvent(At);

    /// <summary>Ended with the final answer.</summary>
    public sealed record RequestCompleted(Instant At) : RequestEvent(At);

    /// <summary>Ended with an error a client can read.</summary>
    public sealed record RequestFailed(string Code, string Message, Instant At) : RequestEvent(At);

    /// <summary>Ended early.</summary>
    public sealed record RequestCancelled(string Reason, Instant At) : RequestEvent(At);
}
