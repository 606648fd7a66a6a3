using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Streaming;

/// <summary>Folds a history into its conversation: the items of all exchanges, and our own turns with the token ids that made them.</summary>
/// <remarks>The ids let a continued context start with exactly the tokens whose KV is held (DESIGN.md, Identity).</remarks>
internal sealed class TranscriptFold(RequestId request, IModelText text)
{
    private readonly List<ChatItem> _items = [];
    private readonly List<ExchangeMark> _exchanges = [];
    private readonly List<int> _output = [];
    private SegmentSpec? _spec;
    private int _calls;

    /// <summary>Whose history it is.</summary>
    public RequestId Request { get; } = request;

    /// <summary>First event, or null before it: tenant, category, parent, session.</summary>
    public RequestEvent.Submitted? Submitted { get; private set; }

    /// <summary>Version of the last event folded.</summary>
    public long Version { get; private set; }

    /// <summary>Items of the conversation so far.</summary>
    public IReadOnlyList<ChatItem> Items => _items;

    /// <summary>Exchanges so far, by ordinal.</summary>
    public IReadOnlyList<ExchangeMark> Exchanges => _exchanges;

    /// <summary>Takes the next event.</summary>
    public void Apply(RecordedEvent recorded)
    {
        switch (recorded.Event)
        {
            case RequestEvent.Submitted submitted:
                Submitted = submitted;
                Open(submitted.Exchange, submitted.ConversationJson, submitted.Spec);
                break;
            case RequestEvent.ToolResultsPosted posted:
                Open(posted.Exchange, posted.ConversationJson, posted.Spec);
                break;
            case RequestEvent.TokensGenerated generated:
                _output.AddRange(generated.Tokens);
                break;
            case RequestEvent.SegmentEnded ended:
                End(ended);
                break;
            case RequestEvent.RequestFailed or RequestEvent.RequestCancelled when _exchanges.Count > 0 && _exchanges[^1].Outcome == ExchangeOutcome.Open:
                _exchanges[^1] = _exchanges[^1] with { Outcome = ExchangeOutcome.Broken };
                break;
        }
        Version = recorded.Version;
    }

    private void Open(Exchange exchange, string conversation, SegmentSpec spec)
    {
        StoredExchange stored = StoredExchange.Parse(conversation);
        _items.AddRange(stored.Items);
        _output.Clear();
        _spec = spec;
        _exchanges.Add(new ExchangeMark(exchange.Ordinal, stored, Version, _calls, _items.Count, ExchangeOutcome.Open, []));
    }

    private void End(RequestEvent.SegmentEnded ended)
    {
        IOutputReader reader = text.CreateReader(_spec!);
        List<OutputDelta> unread = [];
        foreach (int token in _output)
            reader.Push(token, unread);
        reader.Finish(unread);
        _items.Add(new ChatItem(ChatRole.Assistant, reader.Text, ended.Calls, OutputTokens: [.. _output]));
        _calls += ended.Calls.Length;
        bool awaitsTools = ended.Finish == FinishReason.ToolCalls && !ended.Calls.IsEmpty;
        _exchanges[^1] = _exchanges[^1] with { Outcome = ExchangeOutcome.Answered, ItemsEnd = _items.Count, Calls = awaitsTools ? ended.Calls : [] };
    }
}

/// <summary>How an exchange stands.</summary>
internal enum ExchangeOutcome
{
    /// <summary>Ready or running.</summary>
    Open,

    /// <summary>Its segment is complete.</summary>
    Answered,

    /// <summary>The request failed or was cancelled in it.</summary>
    Broken,
}

/// <summary>Where an exchange stands in its history and conversation.</summary>
/// <param name="Ordinal">Its ordinal.</param>
/// <param name="Stored">What the gateway kept of its POST.</param>
/// <param name="After">Version of the event before its first one.</param>
/// <param name="CallsBefore">Calls made before it.</param>
/// <param name="ItemsEnd">Items of the conversation up to its end; up to its input while it is open.</param>
/// <param name="Outcome">How it stands.</param>
/// <param name="Calls">Calls at its end that tools must answer.</param>
internal sealed record ExchangeMark(
    int Ordinal, StoredExchange Stored, long After, int CallsBefore, int ItemsEnd, ExchangeOutcome Outcome, ImmutableArray<ToolCall> Calls);
