using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Astraea.Core.Lifecycle;

namespace Astraea.Contracts.FrontDoor;

/// <summary>What a front door answers.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "r")]
[JsonDerivedType(typeof(Accepted), "accepted")]
[JsonDerivedType(typeof(Updates), "updates")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(History), "history")]
[JsonDerivedType(typeof(Refused), "refused")]
public abstract record FrontDoorReply
{
    private FrontDoorReply() { }

    /// <summary>The exchange is durable.</summary>
    /// <param name="ResponseId">Its name, the same over every surface.</param>
    public sealed record Accepted(string ResponseId) : FrontDoorReply;

    /// <summary>What became visible of an exchange.</summary>
    /// <param name="Items">In order.</param>
    /// <param name="AreLast">Whether nothing will ever follow: the exchange has ended, and all of it was read.</param>
    public sealed record Updates(ImmutableArray<FrontDoorUpdate> Items, bool AreLast) : FrontDoorReply;

    /// <summary>The run has ended.</summary>
    /// <param name="Phase">How: the first end wins every race.</param>
    public sealed record Ended(RequestPhase Phase) : FrontDoorReply;

    /// <summary>A piece of history.</summary>
    /// <param name="Page">Events behind the cursor; the end is reached when the last one's version is the page's.</param>
    public sealed record History(HistoryPage Page) : FrontDoorReply;

    /// <summary>The call was not served; nothing changed.</summary>
    /// <param name="Status">The HTTP status that says the same.</param>
    /// <param name="Message">What is wrong, in words.</param>
    /// <param name="Code">Machine-readable code, or null.</param>
    /// <param name="Param">Field concerned, or null.</param>
    /// <param name="MayRetry">Whether the same call may be served later.</param>
    public sealed record Refused(int Status, string Message, string? Code, string? Param, bool MayRetry) : FrontDoorReply;
}

/// <summary>Something a reader sees happen in an exchange.</summary>
/// <param name="Position">Counts the updates of the exchange, from 0: a fold of the history, so the same at every reading and at every front door.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "u")]
[JsonDerivedType(typeof(TextAdded), "text")]
[JsonDerivedType(typeof(ToolCalled), "call")]
[JsonDerivedType(typeof(Finished), "finished")]
public abstract record FrontDoorUpdate(long Position)
{
    /// <summary>More text.</summary>
    /// <param name="Position">Its place.</param>
    /// <param name="Text">What is added; not empty.</param>
    public sealed record TextAdded(long Position, string Text) : FrontDoorUpdate(Position);

    /// <summary>A call is complete.</summary>
    /// <param name="Position">Its place.</param>
    /// <param name="Call">The call.</param>
    public sealed record ToolCalled(long Position, ToolCall Call) : FrontDoorUpdate(Position);

    /// <summary>The exchange has ended.</summary>
    /// <param name="Position">Its place.</param>
    /// <param name="End">How.</param>
    /// <param name="Text">All text of the exchange.</param>
    /// <param name="Calls">All complete calls of the exchange.</param>
    /// <param name="PromptTokens">Input, template included (tokens); 0 unless a segment ended.</param>
    /// <param name="CachedTokens">Of these, found in KV memory (tokens).</param>
    /// <param name="OutputTokens">Output (tokens).</param>
    /// <param name="ErrorCode">Machine-readable reason of a failure; else null.</param>
    /// <param name="Error">Why it failed or was cancelled; else null.</param>
    public sealed record Finished(
        long Position, ExchangeEnd End, string Text, ImmutableArray<ToolCall> Calls, int PromptTokens, int CachedTokens, int OutputTokens,
        string? ErrorCode, string? Error) : FrontDoorUpdate(Position);
}

/// <summary>How an exchange ended.</summary>
public enum ExchangeEnd
{
    /// <summary>With the final answer.</summary>
    Answered,

    /// <summary>With calls that wait for their results.</summary>
    CalledTools,

    /// <summary>At the output limit.</summary>
    CutOff,

    /// <summary>With an error.</summary>
    Failed,

    /// <summary>Cancelled.</summary>
    Cancelled,
}
