using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Astraea.Cluster.Soak.Load;

/// <summary>Plays a script over Responses. Every event must carry the number behind that of the one before, also across gateways.</summary>
internal sealed class ResponsesAgent(AgentLine line, AgentOutcome outcome, string model)
{
    private readonly AgentScript _script = outcome.Script;

    public async Task PlayAsync(CancellationToken cancellation)
    {
        JsonArray input = [Message("system", AgentScript.System), Message("user", _script.Question)];
        string? previous = null;
        for (int step = 0; step < _script.Steps.Count; step++)
        {
            Answer answer = await AskAsync(step, Body(step, input, previous));
            outcome.Said.Add(answer.Text.ToString());
            if (_script.Steps[step].ToolWait is not { } wait)
                return;
            await Task.Delay(wait, cancellation);
            previous = answer.Id;
            input = [new JsonObject { ["type"] = "function_call_output", ["call_id"] = answer.CallId, ["output"] = _script.ResultOf(step) }];
        }
    }

    private static JsonObject Message(string role, string content) => new() { ["type"] = "message", ["role"] = role, ["content"] = content };

    private JsonObject Body(int step, JsonArray input, string? previous)
    {
        JsonObject body = new()
        {
            ["model"] = model,
            ["input"] = input.DeepClone(),
            ["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["name"] = AgentScript.Tool, ["parameters"] = AgentScript.Parameters() }),
            ["tool_choice"] = _script.Steps[step].ToolWait is null ? "none" : new JsonObject { ["type"] = "function", ["name"] = AgentScript.Tool },
            ["max_output_tokens"] = _script.Steps[step].Tokens,
            ["min_tokens"] = _script.Steps[step].Tokens,
            ["ignore_eos"] = true,
            ["temperature"] = 0.9,
            ["seed"] = _script.SamplingSeed,
            ["stream"] = true,
            ["store"] = true,
            ["background"] = _script.Manner == Manner.ResponsesBackground,
        };
        if (previous is not null)
            body["previous_response_id"] = previous;
        return body;
    }

    private async Task<Answer> AskAsync(int step, JsonObject body)
    {
        Answer answer = new();
        await line.CarryAsync(
            gateway =>
            {
                if (answer.Id is { } id)
                {
                    string after = answer.Sequence.ToString(CultureInfo.InvariantCulture);
                    return new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"/v1/responses/{id}?stream=true&starting_after={after}"));
                }
                HttpRequestMessage post = new(HttpMethod.Post, new Uri(gateway, "/v1/responses")) { Content = AgentLine.Json(body) };
                post.Headers.Add("Idempotency-Key", _script.KeyOf(step));
                return post;
            },
            async response =>
            {
                await using Stream stream = await response.Content.ReadAsStreamAsync();
                await foreach (JsonNode happened in SseLines.ReadAsync(stream))
                    Take(answer, happened, step);
                if (!answer.HasEnded)
                    throw new IOException("The stream ended before the response did.");
            },
            () =>
            {
                if (answer.Id is null)
                    outcome.Replays++;
                else
                    outcome.Resumes++;
            });
        return answer;
    }

    private void Take(Answer answer, JsonNode happened, int step)
    {
        AgentLine.ThrowIfError(happened);
        int sequence = (int)happened["sequence_number"]!;
        if (sequence != answer.Sequence + 1)
            throw new AgentFaultException($"step {step}: event {sequence} came after {answer.Sequence}");
        answer.Sequence = sequence;
        string type = (string)happened["type"]!;
        switch (type)
        {
            case "response.created":
                answer.Id = (string)happened["response"]!["id"]!;
                break;
            case "response.output_text.delta" or "response.function_call_arguments.delta":
                answer.Text.Append((string?)happened["delta"]);
                line.NewOutput();
                break;
            case "response.output_item.done" when (string?)happened["item"]!["type"] == "function_call":
                answer.CallId = (string)happened["item"]!["call_id"]!;
                if ((string?)happened["item"]!["arguments"] != answer.Text.ToString())
                    throw new AgentFaultException($"step {step}: the whole arguments differ from their pieces");
                break;
            case "response.completed" or "response.incomplete":
                answer.HasEnded = true;
                break;
            case "response.failed":
                throw new AgentFaultException($"step {step} failed: {happened["response"]!["status"]} {happened["response"]!["error"]?.ToJsonString()}");
        }
    }

    /// <summary>What came of one exchange, over all its connections.</summary>
    private sealed class Answer
    {
        public string? Id { get; set; }
        public int Sequence { get; set; } = -1;
        public StringBuilder Text { get; } = new();
        public string CallId { get; set; } = "";
        public bool HasEnded { get; set; }
    }
}
