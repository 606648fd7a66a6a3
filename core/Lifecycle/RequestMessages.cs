using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Astraea.Core.KvCache;

namespace Astraea.Core.Lifecycle;

/// <summary>Something asked of an agent request.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "m")]
[JsonDerivedType(typeof(Submit), "submit")]
[JsonDerivedType(typeof(PostToolResults), "results")]
[JsonDerivedType(typeof(Cancel), "cancel")]
[JsonDerivedType(typeof(StartSegment), "start")]
[JsonDerivedType(typeof(ReportTokens), "tokens")]
[JsonDerivedType(typeof(EndSegment), "end")]
[JsonDerivedType(typeof(ReturnSegment), "return")]
[JsonDerivedType(typeof(FailSegment), "fail")]
[JsonDerivedType(typeof(MoveKv), "kv")]
[JsonDerivedType(typeof(CheckAttendance), "attendance")]
[JsonDerivedType(typeof(Wake), "wake")]
public abstract record RequestMessage
{
    private RequestMessage() { }

    /// <summary>Begins the request. Idempotent: the same key and body joins what is there.</summary>
    /// <param name="Tenant">Owner.</param>
    /// <param name="Pool">Where it shall run.</param>
    /// <param name="Category">Class for predictors; empty when unknown.</param>
    /// <param name="Parent">The request whose conversation this one goes on from.</param>
    /// <param name="Session">First request of the chain, or null when this is it.</param>
    /// <param name="IdempotencyKey">The client's key, or null.</param>
    /// <param name="BodyHash">Stable hash of the body.</param>
    /// <param name="ConversationJson">The items of the exchange. Opaque to core.</param>
    /// <param name="PromptTokens">Token ids of the whole context, length at least 1. Owned by the message.</param>
    /// <param name="Spec">What is asked of the segment.</param>
    public sealed record Submit(
        TenantId Tenant, PoolId Pool, string Category, RequestId? Parent, RequestId? Session, string? IdempotencyKey, string BodyHash,
        string ConversationJson, ImmutableArray<int> PromptTokens, SegmentSpec Spec) : RequestMessage;

    /// <summary>Brings the results of the pending tool calls.</summary>
    /// <param name="CallIds">The calls answered; must be exactly the pending ones.</param>
    /// <param name="IdempotencyKey">The client's key, or null: then the call ids identify the exchange.</param>
    /// <param name="BodyHash">Stable hash of the body.</param>
    /// <param name="ConversationJson">The items added. Opaque to core.</param>
    /// <param name="ContextTokens">Token ids of the whole new context; the machine keeps the common prefix.</param>
    /// <param name="Spec">What is asked of the next segment.</param>
    public sealed record PostToolResults(
        ImmutableArray<string> CallIds, string? IdempotencyKey, string BodyHash, string ConversationJson,
        ImmutableArray<int> ContextTokens, SegmentSpec Spec) : RequestMessage;

    /// <summary>Ends the request unless it has ended.</summary>
    public sealed record Cancel(string Reason) : RequestMessage;

    /// <summary>A worker with a lease asks to run a segment. Answered with Started, to the same worker and attempt again too, or Refused.</summary>
    public sealed record StartSegment(int Segment, int Attempt, WorkerId Worker, long Epoch, int Level, string WhyRanked) : RequestMessage;

    /// <summary>
    /// A worker brings output tokens, in order, one message under way at a time. Answered with Progress; Refused(Stale) when tokens before these are missing.
    /// </summary>
    /// <param name="Segment">Ordinal of the segment.</param>
    /// <param name="Attempt">The worker's attempt.</param>
    /// <param name="Offset">Index in the segment's output of the first token; what is known already is ignored.</param>
    /// <param name="Tokens">Token ids.</param>
    public sealed record ReportTokens(int Segment, int Attempt, int Offset, ImmutableArray<int> Tokens) : RequestMessage;

    /// <summary>
    /// A worker brings the last tokens of a segment and how it ended. Answered with Done, also when this attempt had ended it before; Progress(Stop) to any
    /// other attempt; Refused(Stale) when tokens before these are missing.
    /// </summary>
    public sealed record EndSegment(
        int Segment, int Attempt, int Offset, ImmutableArray<int> Tokens, FinishReason Finish, ImmutableArray<ParsedCall> Calls,
        SegmentUsage Usage, KvPlace? Kv) : RequestMessage;

    /// <summary>A worker gives a segment back: draining, or no memory for it. Answered with Done, also when sent again; Progress(Stop) to any other attempt.</summary>
    public sealed record ReturnSegment(int Segment, int Attempt, string Reason, SegmentUsage Usage) : RequestMessage;

    /// <summary>A worker cannot run this segment at all: it may fail itself, never the engine. Answered with Done, or Progress(Stop).</summary>
    public sealed record FailSegment(int Segment, int Attempt, string Code, string Message) : RequestMessage;

    /// <summary>A worker says where the KV of a waiting request is now. Answered with Done; without effect while the request runs and after its end.</summary>
    public sealed record MoveKv(KvPlace Kv) : RequestMessage;

    /// <summary>The shell says for how long nobody has read. The machine decides what that means.</summary>
    public sealed record CheckAttendance(TimeSpan Unread) : RequestMessage;

    /// <summary>A moment the machine asked to be woken at has come.</summary>
    public sealed record Wake : RequestMessage;
}

/// <summary>What the asker hears.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "r")]
[JsonDerivedType(typeof(Accepted), "accepted")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Done), "done")]
public abstract record RequestReply
{
    private RequestReply() { }

    /// <summary>The exchange is durable (or was already).</summary>
    /// <param name="Exchange">Its ordinal.</param>
    /// <param name="Joined">Whether an equal earlier POST had made it.</param>
    public sealed record Accepted(int Exchange, bool Joined) : RequestReply;

    /// <summary>The message does not fit the state; nothing changed.</summary>
    public sealed record Refused(RefusalCode Code, string Message) : RequestReply;

    /// <summary>The segment is the worker's to run.</summary>
    public sealed record Started(SegmentWork Work) : RequestReply;

    /// <summary>What the worker shall do next with the segment.</summary>
    public sealed record Progress(WorkerOrder Order) : RequestReply;

    /// <summary>Heard.</summary>
    public sealed record Done : RequestReply;
}

/// <summary>Why a message was refused.</summary>
public enum RefusalCode
{
    /// <summary>There is no such request for this tenant.</summary>
    NotFound,

    /// <summary>The idempotency key was used with another body.</summary>
    KeyReused,

    /// <summary>A segment is ready or running; wait for it.</summary>
    Busy,

    /// <summary>The calls answered are not the pending ones.</summary>
    WrongCalls,

    /// <summary>The request has ended.</summary>
    Ended,

    /// <summary>A newer attempt, or another segment, is current; or tokens before these are missing.</summary>
    Stale,

    /// <summary>The message makes no sense: an empty context, or limits that contradict each other.</summary>
    Invalid,
}

/// <summary>The answer to each report of a worker.</summary>
public enum WorkerOrder
{
    /// <summary>Go on.</summary>
    Continue,

    /// <summary>Stop and free everything: cancelled, ended, or superseded.</summary>
    Stop,
}

/// <summary>Everything a worker needs to run a segment from here.</summary>
/// <param name="Tenant">Owner: part of every KV key.</param>
/// <param name="Category">Class for predictors.</param>
/// <param name="ContextTokens">Input token ids of the segment, without its output so far.</param>
/// <param name="OutputTokens">Output of the segment that is durable already, from earlier attempts. Grammar state is derived from it.</param>
/// <param name="Spec">What is asked.</param>
/// <param name="ComputedTokens">Longest context, from its start, that some worker has computed KV for: what is computed again below it is recomputation (tokens).</param>
public sealed record SegmentWork(
    TenantId Tenant, string Category, ImmutableArray<int> ContextTokens, ImmutableArray<int> OutputTokens, SegmentSpec Spec, int ComputedTokens);
