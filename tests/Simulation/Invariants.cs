using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Simulation.Tests;

/// <summary>Something a process of the world was promised.</summary>
internal abstract record Acknowledged
{
    private Acknowledged() { }

    /// <summary>An exchange is part of the request.</summary>
    public sealed record Exchange(int Ordinal, string? Key) : Acknowledged;

    /// <summary>So many tokens of a segment are durable, none of them by a later attempt than the one that heard so.</summary>
    public sealed record Tokens(int Segment, int Attempt, int Count) : Acknowledged;

    /// <summary>This attempt ended the segment.</summary>
    public sealed record End(int Segment, int Attempt) : Acknowledged;

    /// <summary>The request has ended.</summary>
    public sealed record Ended : Acknowledged;
}

/// <summary>The invariants of RELIABILITY.md, checked against what is durable.</summary>
internal static class Invariants
{
    private static readonly RequestEventCodec s_codec = new();

    /// <summary>Everything that is broken, one sentence each.</summary>
    /// <param name="world">The world at rest.</param>
    /// <param name="ended">Whether everything must have ended.</param>
    public static IEnumerable<string> Broken(World world, bool ended)
    {
        ImmutableArray<LiveRow> live = world.Store.Durable.ReadLiveAsync(null, default).Result;
        foreach (SimClient client in world.Clients)
        {
            RequestScript script = client.Script;
            List<RequestEvent> history = Read(world, script.Id);
            IEnumerable<string> broken = [
                .. Promises(world, script, history), .. Shown(client, history), .. Exchanges(script, history), .. Texts(script, history),
                .. Ends(script, history, ended), .. Replays(world, script, history), .. Indexed(script, history, live)];
            foreach (string sentence in broken)
                yield return $"request {script.Index}: {sentence}";
        }
    }

    /// <summary>I1: what was acknowledged is there.</summary>
    private static IEnumerable<string> Promises(World world, RequestScript script, List<RequestEvent> history)
    {
        foreach (Acknowledged promise in world.Promises(script.Id))
        {
            bool kept = promise switch
            {
                Acknowledged.Exchange e => ExchangesOf(history).Any(x => x.Ordinal == e.Ordinal && x.IdempotencyKey == e.Key),
                Acknowledged.Tokens t => history.OfType<RequestEvent.TokensGenerated>()
                    .Where(x => x.Segment == t.Segment && x.Attempt <= t.Attempt).Sum(x => x.Tokens.Length) >= t.Count,
                Acknowledged.End e => history.OfType<RequestEvent.SegmentEnded>().Any(x => x.Segment == e.Segment && x.Attempt == e.Attempt),
                Acknowledged.Ended => history.Any(e => e.IsTerminal()),
                _ => false,
            };
            if (!kept)
                yield return $"I1: {promise} was acknowledged and is lost";
        }
    }

    /// <summary>I1, I2: what a client was shown is the history, from the start, without gap.</summary>
    private static IEnumerable<string> Shown(SimClient client, List<RequestEvent> history)
    {
        for (int i = 0; i < client.Seen.Count; i++)
        {
            if (client.Seen[i].Version != i + 1)
                yield return $"I2: version {client.Seen[i].Version} was shown in place {i + 1}";
            else if (i >= history.Count)
                yield return $"I1: event {i + 1} was shown and is lost";
            else if (!s_codec.Encode(client.Seen[i].Event).Span.SequenceEqual(s_codec.Encode(history[i]).Span))
                yield return $"I2: event {i + 1} was shown other than it is stored";
        }
    }

    /// <summary>I3: one effect per idempotency key, and per set of answered calls.</summary>
    private static IEnumerable<string> Exchanges(RequestScript script, List<RequestEvent> history)
    {
        List<Exchange> exchanges = [.. ExchangesOf(history)];
        if (!exchanges.Select(e => e.Ordinal).SequenceEqual(Enumerable.Range(0, exchanges.Count)))
            yield return $"I3: exchanges are numbered {string.Join(", ", exchanges.Select(e => e.Ordinal))}";
        if (exchanges.Select(e => e.BodyHash).Distinct().Count() != exchanges.Count)
            yield return "I3: one POST had two effects";
        if (exchanges.Count > script.Segments)
            yield return $"I3: {exchanges.Count} exchanges for {script.Segments} segments";
    }

    /// <summary>I4: every token is the one an undisturbed run gives; an ended segment has all of them, once.</summary>
    private static IEnumerable<string> Texts(RequestScript script, List<RequestEvent> history)
    {
        int segments = history.Count(e => e is RequestEvent.Submitted or RequestEvent.ToolResultsPosted);
        for (int segment = 0; segment < segments; segment++)
        {
            ImmutableArray<int> expected = RequestScript.OutputOf(script.ContextOf(segment));
            List<int> output = OutputOf(history, segment);
            int endings = history.Count(e => e is RequestEvent.SegmentEnded ended && ended.Segment == segment);
            if (!output.SequenceEqual(expected.Take(output.Count)) || output.Count > expected.Length)
                yield return $"I4: segment {segment} says {string.Join(' ', output)} in place of {string.Join(' ', expected)}";
            if (endings > 1)
                yield return $"I4: segment {segment} ended {endings} times";
            if (endings == 1 && output.Count != expected.Length)
                yield return $"I4: segment {segment} ended with {output.Count} of {expected.Length} tokens";
        }
        if (history.Any(e => e is RequestEvent.RequestCompleted) && segments != script.Segments)
            yield return $"I4: completed after {segments} of {script.Segments} segments";
    }

    /// <summary>I6: every accepted request ends exactly once, and then nothing follows.</summary>
    private static IEnumerable<string> Ends(RequestScript script, List<RequestEvent> history, bool ended)
    {
        int ends = history.Count(e => e.IsTerminal());
        if (ends > 1)
            yield return $"I6: ended {ends} times";
        if (ends == 1 && !history[^1].IsTerminal())
            yield return "I6: something happened after the end";
        if (ended && history.Count > 0 && ends == 0)
            yield return $"I6: never ended; last came {history[^1].GetType().Name}";
        bool cancelled = history.LastOrDefault() is RequestEvent.RequestCancelled or RequestEvent.RequestFailed { Code: "tool_timeout" };
        if (cancelled && script is { CancelAfter: null, VanishAfter: null, Foreground: false } && history[^1] is RequestEvent.RequestCancelled)
            yield return "I6: cancelled although nobody asked for it";
    }

    /// <summary>I8: replaying the history gives the hash that the living state had at that version, in whichever process.</summary>
    private static IEnumerable<string> Replays(World world, RequestScript script, List<RequestEvent> history)
    {
        AgentRequestState state = world.Machine.Initial(script.Id.ToString());
        for (int version = 1; version <= history.Count; version++)
        {
            world.Machine.Apply(state, history[version - 1]);
            if (world.Machine.Seen.TryGetValue((script.Id, version), out HashSet<string>? hashes) && (hashes.Count != 1 || !hashes.Contains(state.Hash())))
                yield return $"I8: version {version} has another state when it is replayed";
        }
    }

    /// <summary>The live index says what the histories say.</summary>
    private static IEnumerable<string> Indexed(RequestScript script, List<RequestEvent> history, ImmutableArray<LiveRow> live)
    {
        LiveRow? row = live.SingleOrDefault(r => r.Key == script.Id.ToString());
        bool isLive = history.Count > 0 && !history.Any(e => e.IsTerminal());
        if (isLive != row is not null)
            yield return $"the live index {(isLive ? "lacks" : "still holds")} it";
        else if (row is not null && row.Version != history.Count)
            yield return $"the live index knows version {row.Version} of {history.Count}";
    }

    private static List<RequestEvent> Read(World world, RequestId id) =>
        [.. world.Store.Durable.ReadAsync(id.ToString(), 0, int.MaxValue, default).Result.Select(e => s_codec.Decode(e.Data.Span))];

    private static IEnumerable<Exchange> ExchangesOf(List<RequestEvent> history) => history.Select(e => e switch
    {
        RequestEvent.Submitted submitted => submitted.Exchange,
        RequestEvent.ToolResultsPosted posted => posted.Exchange,
        _ => null,
    }).OfType<Exchange>();

    private static List<int> OutputOf(List<RequestEvent> history, int segment) =>
        [.. history.OfType<RequestEvent.TokensGenerated>().Where(t => t.Segment == segment).SelectMany(t => t.Tokens)];
}
