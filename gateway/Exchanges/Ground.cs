using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Streaming;

namespace Astraea.Gateway.Exchanges;

/// <summary>What a POST stands on: the whole conversation with our own turns as token ids, and the request it goes on from.</summary>
/// <param name="Items">The whole conversation.</param>
/// <param name="From">The request it goes on from, or null for a new conversation.</param>
/// <param name="Answered">The exchange of <paramref name="From"/> whose calls it answers, or null when it cannot be a continuation.</param>
internal sealed record Ground(ImmutableArray<ChatItem> Items, TranscriptFold? From, ExchangeMark? Answered)
{
    /// <summary>Items the POST adds behind the exchange it answers.</summary>
    public ImmutableArray<ChatItem> Added => Answered is { } mark ? Items[mark.ItemsEnd..] : Items;

    /// <summary>Stands on an echoed conversation: our own turns in it are recognised and take their stored ids.</summary>
    /// <param name="echoed">Items as the client sent them.</param>
    /// <param name="from">The request whose call ids were found among them.</param>
    public static Ground OnEcho(ImmutableArray<ChatItem> echoed, TranscriptFold from)
    {
        int common = 0;
        while (common < echoed.Length && common < from.Items.Count && SameItem(echoed[common], from.Items[common]))
            common++;
        ImmutableArray<ChatItem> items = [.. from.Items.Take(common), .. echoed.Skip(common)];
        return new Ground(items, from, Answers(items, common, from));
    }

    /// <summary>Stands on a named exchange.</summary>
    public static Ground OnExchange(ImmutableArray<ChatItem> paired, ExchangeMark mark, TranscriptFold from) =>
        new(paired, from, mark.Calls.IsEmpty || paired.Skip(mark.ItemsEnd).Any(i => i.Role == ChatRole.Assistant) ? null : mark);

    /// <summary>The exchange whose calls the items behind it answer: nothing but results, and then perhaps words of a person, may follow it.</summary>
    private static ExchangeMark? Answers(ImmutableArray<ChatItem> items, int common, TranscriptFold from)
    {
        int last = items.Length - 1;
        while (last >= 0 && items[last].Role != ChatRole.Assistant)
            last--;
        return from.Exchanges.FirstOrDefault(e => e.Outcome == ExchangeOutcome.Answered && !e.Calls.IsEmpty && e.ItemsEnd == last + 1 && e.ItemsEnd <= common);
    }

    /// <summary>Whether an echoed item is the stored one. Arguments are compared as JSON: clients parse and print them anew.</summary>
    private static bool SameItem(ChatItem echoed, ChatItem stored) =>
        echoed.Role == stored.Role && echoed.Text == stored.Text && echoed.CallId == stored.CallId && echoed.Calls.Length == stored.Calls.Length
        && echoed.Calls.Zip(stored.Calls).All(pair => SameCall(pair.First, pair.Second));

    private static bool SameCall(ToolCall echoed, ToolCall stored) =>
        echoed.Id == stored.Id && echoed.Name == stored.Name && (echoed.Arguments == stored.Arguments || SameJson(echoed.Arguments, stored.Arguments));

    private static bool SameJson(string left, string right)
    {
        try
        {
            using JsonDocument a = JsonDocument.Parse(left);
            using JsonDocument b = JsonDocument.Parse(right);
            return JsonElement.DeepEquals(a.RootElement, b.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
