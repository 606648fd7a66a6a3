using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Streaming;

/// <summary>Something a client can see happen in an exchange; what every wire format is projected from.</summary>
internal abstract record ExchangeStep
{
    private ExchangeStep() { }

    /// <summary>The exchange was accepted.</summary>
    public sealed record Accepted(string Model, StoredExchange Stored, Instant At) : ExchangeStep;

    /// <summary>A worker began the segment; said once, whatever befalls the worker.</summary>
    public sealed record Started : ExchangeStep;

    /// <summary>More text.</summary>
    public sealed record TextAdded(string Text) : ExchangeStep;

    /// <summary>A call begins.</summary>
    public sealed record CallStarted(int Index, string CallId, string Name) : ExchangeStep;

    /// <summary>More of a call's arguments.</summary>
    public sealed record ArgumentsAdded(int Index, string Text) : ExchangeStep;

    /// <summary>A call is complete.</summary>
    public sealed record CallEnded(int Index) : ExchangeStep;

    /// <summary>The segment is complete.</summary>
    public sealed record Ended(FinishReason Finish, TokenCounts Tokens, Instant At) : ExchangeStep;

    /// <summary>The request failed while this exchange was open.</summary>
    public sealed record Failed(string Code, string Message, Instant At) : ExchangeStep;

    /// <summary>The request was cancelled while this exchange was open.</summary>
    public sealed record Cancelled(string Reason, Instant At) : ExchangeStep;
}

/// <summary>Tokens of an exchange as clients are told.</summary>
/// <param name="Prompt">Input, cached or not (tokens).</param>
/// <param name="Cached">Of these, found in KV memory (tokens).</param>
/// <param name="Output">Output without what was fed by a forced call (tokens): never above the limit that was asked for.</param>
internal readonly record struct TokenCounts(int Prompt, int Cached, int Output);
