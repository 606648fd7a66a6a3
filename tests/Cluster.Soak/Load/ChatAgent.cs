using System.Text;
using System.Text.Json.Nodes;

namespace Astraea.Cluster.Soak.Load;

/// <summary>Plays a script over Chat Completions. What was shown before a cut must be the beginning of what the replay shows.</summary>
internal sealed class ChatAgent(AgentLine line, AgentOutcome outcome, string model)
{
    private readonly AgentScript _script = outcome.Script;

    private bool Streams => _script.Manner == Manner.ChatStream;

    public async Task PlayAsync(CancellationToken cancellation)
    {
        JsonArray messages = [Message("system", AgentScript.System), Message("user", _script.Question)];
        for (int step = 0; step < _script.Steps.Count; step++)
        {
            Answer answer = await AskAsync(step, Body(step, messages));
            if (_script.Steps[step].ToolWait is not { } wait)
            {
                outcome.Said.Add(answer.Text.ToString());
                return;
            }
            outcome.Said.Add(answer.Arguments.ToString());
            messages.Add(new JsonObject
            {
                ["role"] = "assistant", ["content"] = null,
                ["tool_calls"] = new JsonArray(new JsonObject
                {
                    ["id"] = answer.CallId, ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = AgentScript.Tool, ["arguments"] = answer.Arguments.ToString() },
                }),
            });
            await Task.Delay(wait, cancellation);
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = answer.CallId, ["content"] = _script.ResultOf(step) });
        }
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private JsonObject Body(int step, JsonArray messages) => new()
    {
        ["model"] = model,
        ["messages"] = messages.DeepClone(),
        ["tools"] = new JsonArray(new JsonObject
        {
            ["type"] = "function", ["function"] = new JsonObject { ["name"] = AgentScript.Tool, ["parameters"] = AgentScript.Parameters() },
        }),
        ["tool_choice"] = _script.Steps[step].ToolWait is null
            ? "none"
            : new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = AgentScript.Tool } },
        ["max_tokens"] = _script.Steps[step].Tokens,
        ["min_tokens"] = _script.Steps[step].Tokens,
        ["ignore_eos"] = true,
        ["temperature"] = 0.9,
        ["seed"] = _script.SamplingSeed,
        ["stream"] = Streams,
    };

    private async Task<Answer> AskAsync(int step, JsonObject body)
    {
        string seen = "";
        Answer answer = new();
        await line.CarryAsync(
            gateway =>
            {
                HttpRequestMessage post = new(HttpMethod.Post, new Uri(gateway, "/v1/chat/completions")) { Content = AgentLine.Json(body) };
                post.Headers.Add("Idempotency-Key", _script.KeyOf(step));
                return post;
            },
            async response =>
            {
                answer = new Answer();
                await using Stream stream = await response.Content.ReadAsStreamAsync();
                if (Streams)
                    await ReadStreamAsync(stream, answer, () => seen.Length);
                else
                    answer.Take((await JsonNode.ParseAsync(stream))!["choices"]![0]!["message"]!);
                line.NewOutput();
                if (!answer.Seen.StartsWith(seen, StringComparison.Ordinal))
                    throw new AgentFaultException($"a replay of step {step} shows something else than before");
            },
            () =>
            {
                outcome.Replays++;
                (string shorter, string longer) = answer.Seen.Length < seen.Length ? (answer.Seen, seen) : (seen, answer.Seen);
                if (!longer.StartsWith(shorter, StringComparison.Ordinal))
                    throw new AgentFaultException($"two readings of step {step} differ");
                seen = longer;
            });
        return answer;
    }

    private async Task ReadStreamAsync(Stream stream, Answer answer, Func<int> seen)
    {
        await foreach (JsonNode chunk in SseLines.ReadAsync(stream))
        {
            AgentLine.ThrowIfError(chunk);
            if (chunk["choices"]!.AsArray() is [{ } choice, ..])
                answer.Take(choice["delta"]!);
            if (answer.Seen.Length > seen())
                line.NewOutput();
        }
    }

    /// <summary>What one exchange brought, whole or in pieces.</summary>
    private sealed class Answer
    {
        public StringBuilder Text { get; } = new();
        public StringBuilder Arguments { get; } = new();
        public string CallId { get; private set; } = "";
        public string Seen => $"{Arguments}{Text}";

        public void Take(JsonNode message)
        {
            Text.Append((string?)message["content"]);
            if (message["tool_calls"]?.AsArray() is not [{ } call, ..])
                return;
            CallId += (string?)call["id"];
            Arguments.Append((string?)call["function"]?["arguments"]);
        }
    }
}
