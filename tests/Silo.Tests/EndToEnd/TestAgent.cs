using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>Where agents find the silo. When it is killed they wait here for the next one.</summary>
public sealed class SiloAddress(Uri first)
{
    private readonly TaskCompletionSource _restarted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Uri Current { get; private set; } = first;

    /// <summary>Ends when there is a new silo.</summary>
    public Task Restarted => _restarted.Task;

    public void MoveTo(Uri next)
    {
        Current = next;
        _restarted.SetResult();
    }
}

/// <summary>An agent's program: two forced tool calls, then an answer. When the line breaks it sends the same body with the same key again.</summary>
/// <param name="Number">Makes its words, seed and keys.</param>
/// <param name="Streams">Whether it reads its answers as streams.</param>
/// <param name="CallTokens">Sampled tokens of each call's arguments (tokens).</param>
/// <param name="ToolWaits">What its first tool waits for before it has a result.</param>
public sealed record TestAgent(int Number, bool Streams, int CallTokens, Task ToolWaits)
{
    private readonly TaskCompletionSource _inTool = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sawTokens = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when its first call has been made and its first tool works.</summary>
    public Task InTool => _inTool.Task;

    /// <summary>Ends when the first piece of output has been seen on a stream.</summary>
    public Task SawTokens => _sawTokens.Task;

    /// <summary>Its agent request, as answers named it; one name for all of them.</summary>
    public string? Request { get; private set; }

    /// <summary>Streams that broke and were read anew from their start.</summary>
    public int Replays { get; private set; }

    /// <summary>Lives its life.</summary>
    /// <returns>Everything the model said, in order: arguments of the calls, then the answer.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(string model, SiloAddress silo)
    {
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SiloProcess.ApiKey);
        List<string> said = [];
        JsonArray messages =
        [
            Message("system", "You are an agent that looks things up before it answers. Be brief, be exact, and say where you found it."),
            Message("user", $"Agent {Number} asks: what is behind door {Number * 17 % 23}?"),
        ];
        for (int step = 0; step < 2; step++)
        {
            Answer answer = await SendAsync(http, silo, Body(model, messages, forced: true), $"agent-{Number}-step-{step}");
            said.Add(answer.Arguments);
            messages.Add(new JsonObject
            {
                ["role"] = "assistant", ["content"] = null,
                ["tool_calls"] = new JsonArray(new JsonObject
                {
                    ["id"] = answer.CallId, ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = answer.Name, ["arguments"] = answer.Arguments },
                }),
            });
            if (step == 0)
            {
                _inTool.TrySetResult();
                await ToolWaits;
            }
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = answer.CallId, ["content"] = $"Result {step} for agent {Number}." });
        }
        said.Add((await SendAsync(http, silo, Body(model, messages, forced: false), $"agent-{Number}-end")).Text);
        return said;
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private string Body(string model, JsonArray messages, bool forced) => new JsonObject
    {
        ["model"] = model,
        ["messages"] = messages.DeepClone(),
        ["tools"] = JsonNode.Parse(
            """[{"type":"function","function":{"name":"look_up","parameters":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}}]"""),
        ["tool_choice"] = forced ? JsonNode.Parse("""{"type":"function","function":{"name":"look_up"}}""") : "none",
        ["max_tokens"] = forced ? CallTokens : 40,
        ["min_tokens"] = forced ? CallTokens : 40,
        ["ignore_eos"] = true,
        ["temperature"] = 0.9,
        ["seed"] = 1000 + Number,
        ["stream"] = Streams,
    }.ToJsonString();

    private async Task<Answer> SendAsync(HttpClient http, SiloAddress silo, string body, string key)
    {
        string seen = "";
        while (true)
        {
            var answer = new Answer();
            bool afterRestart = silo.Restarted.IsCompleted;
            try
            {
                using var post = new HttpRequestMessage(HttpMethod.Post, new Uri(silo.Current, "/v1/chat/completions"))
                {
                    Content = new StringContent(body, Encoding.UTF8, "application/json"),
                };
                post.Headers.Add("Idempotency-Key", key);
                using HttpResponseMessage response = await http.SendAsync(post, HttpCompletionOption.ResponseHeadersRead);
                // A silo that leaves says so, and the call belongs to the next one, as one that broke does.
                if (response.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
                    throw new HttpRequestException(await response.Content.ReadAsStringAsync());
                if (!response.IsSuccessStatusCode)
                    throw new InvalidOperationException($"Agent {Number}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                Request ??= response.Headers.GetValues("x-astraea-request-id").Single();
                Assert.Equal(Request, response.Headers.GetValues("x-astraea-request-id").Single());
                await ReadAsync(response, answer);
                Assert.StartsWith(seen, answer.Seen, StringComparison.Ordinal);
                return answer;
            }
            catch (Exception e) when (e is HttpRequestException or IOException && !afterRestart)
            {
                // What was shown before stays true: the stream is read anew and must begin with it.
                seen = answer.Seen;
                Replays++;
                await silo.Restarted;
            }
        }
    }

    private async Task ReadAsync(HttpResponseMessage response, Answer answer)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        if (!Streams)
        {
            JsonNode whole = JsonNode.Parse(await reader.ReadToEndAsync())!;
            answer.Take(whole["choices"]![0]!["message"]!);
            return;
        }
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == "data: [DONE]")
                return;
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            JsonNode chunk = JsonNode.Parse(line[6..])!;
            if (chunk["error"] is { } leaving && (string?)leaving["code"] == "server_draining")
                throw new IOException(leaving.ToJsonString());
            if (chunk["error"] is { } error)
                throw new InvalidOperationException($"Agent {Number}: {error.ToJsonString()}");
            if (chunk["choices"]!.AsArray() is [{ } choice, ..])
                answer.Take(choice["delta"]!);
            if (answer.Seen.Length > 0)
                _sawTokens.TrySetResult();
        }
        throw new IOException("The stream ended without its last line.");
    }

    /// <summary>What one exchange brought, whole or in pieces.</summary>
    private sealed class Answer
    {
        public string Text { get; private set; } = "";
        public string CallId { get; private set; } = "";
        public string Name { get; private set; } = "";
        public string Arguments { get; private set; } = "";
        public string Seen => Name + Arguments + Text;

        public void Take(JsonNode message)
        {
            Text += (string?)message["content"];
            if (message["tool_calls"]?.AsArray() is not [{ } call, ..])
                return;
            CallId += (string?)call["id"];
            Name += (string?)call["function"]?["name"];
            Arguments += (string?)call["function"]?["arguments"];
        }
    }
}
