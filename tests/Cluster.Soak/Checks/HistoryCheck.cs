using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Astraea.Cluster.Soak.Load;

namespace Astraea.Cluster.Soak.Checks;

/// <summary>Reads histories and says what in them must not be: something missing, twice, or out of order.</summary>
internal static class HistoryCheck
{
    private static readonly string[] s_ends = ["completed", "failed", "cancelled"];

    /// <summary>Checks every request that an answer has named.</summary>
    /// <returns>Problems, and how many segments had to be taken up again.</returns>
    public static async Task<(IReadOnlyList<string> Problems, int Interrupted)> RunAsync(Uri gateway, string apiKey, IReadOnlyList<AgentOutcome> outcomes)
    {
        using HttpClient http = new() { BaseAddress = gateway };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        List<string> problems = [];
        int interrupted = 0;
        foreach (IGrouping<string?, AgentOutcome> twice in outcomes.Where(o => o.Request is not null).GroupBy(o => o.Request).Where(g => g.Count() > 1))
            problems.Add($"agents {string.Join(", ", twice.Select(o => o.Script.Number))} have one request, {twice.Key}");
        foreach (AgentOutcome outcome in outcomes.Where(o => o.Request is not null))
        {
            JsonNode report = JsonNode.Parse(await http.GetStringAsync(new Uri($"/v1/astraea/requests/{outcome.Request}", UriKind.Relative)))!;
            JsonNode[] events = [.. report["events"]!.AsArray().Select(e => e!)];
            problems.AddRange(Problems(outcome.Script, events).Select(p => $"agent {outcome.Script.Number} ({outcome.Script.Manner}), request {outcome.Request}: {p}"));
            interrupted += Math.Max(0, Count(events, "segment_started") - outcome.Script.Steps.Count);
        }
        return (problems, interrupted);
    }

    private static IEnumerable<string> Problems(AgentScript script, JsonNode[] events)
    {
        if (!events.Select(e => (int)e["version"]!).SequenceEqual(Enumerable.Range(1, events.Length)))
            yield return "versions are not 1, 2, 3 …";
        string[] ends = [.. events.Select(Type).Where(s_ends.Contains)];
        if (ends is not ["completed"] || Type(events[^1]) != "completed")
            yield return $"it should end once, with 'completed'; ends: [{string.Join(", ", ends)}], last: {events[^1].ToJsonString()}";
        (int Submitted, int Results, int Ended) counts = (Count(events, "submitted"), Count(events, "tool_results_posted"), Count(events, "segment_ended"));
        if (counts != (1, script.Steps.Count - 1, script.Steps.Count))
            yield return $"submitted {counts.Submitted}, results {counts.Results}, segments ended {counts.Ended}; expected 1, {script.Steps.Count - 1}, {script.Steps.Count}";
        foreach (IGrouping<int, JsonNode> segment in events.Where(e => Type(e) == "segment_started").GroupBy(e => (int)e["segment"]!))
        {
            int[] attempts = [.. segment.Select(e => (int)e["attempt"]!)];
            if (!attempts.Zip(attempts.Skip(1)).All(pair => pair.First < pair.Second))
                yield return $"attempts at segment {segment.Key}: {string.Join(", ", attempts)}";
        }
        foreach (IGrouping<int, JsonNode> segment in events.Where(e => Type(e) == "tokens_generated").GroupBy(e => (int)e["segment"]!))
        {
            int next = 0;
            foreach (JsonNode tokens in segment)
            {
                if ((int)tokens["offset"]! != next)
                    yield return $"segment {segment.Key}: tokens at {tokens["offset"]} follow {next}";
                next = (int)tokens["offset"]! + (int)tokens["tokens"]!;
            }
        }
    }

    private static string Type(JsonNode happened) => (string)happened["type"]!;

    private static int Count(JsonNode[] events, string type) => events.Count(e => Type(e) == type);
}
