using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using Astraea.Cli.Demo;
using Astraea.Cli.Demo.Plan;
using Astraea.Cli.Demo.Replay;

namespace Astraea.Client.Tests.Demo;

[UnsupportedOSPlatform("windows")]
public sealed class ReplayAgentTests
{
    private static readonly PlannedRequest Two = new(
        4, "n", "math", TimeSpan.Zero, [new(10, 6, "look", TimeSpan.FromMilliseconds(20)), new(7, 5, null, TimeSpan.Zero)]);

    [Fact]
    public async Task A_request_forces_its_calls_answers_them_and_ends_in_plain_text()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, call) =>
        {
            context.Response.Headers["x-astraea-request-id"] = "R";
            return StubNode.Json(context, call == 0
                ? """
                  {"id":"c0","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"look","arguments":"{}"}}]},
                  "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":50,"completion_tokens":6,"total_tokens":56}}
                  """
                : """{"id":"c1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"done"},"finish_reason":"length"}],"usage":{"prompt_tokens":80,"completion_tokens":5,"total_tokens":85}}""");
        });
        using AstraeaClient client = node.Client();

        RequestOutcome outcome = await Agent(client).PlayAsync(Two, default);

        Assert.Null(outcome.Error);
        Assert.Equal("R", outcome.AgentRequest);
        Assert.Equal([(50, 6), (80, 5)], outcome.Segments.Select(static s => (s.PromptTokens, s.OutputTokens)));
        Assert.Equal([50, 24], outcome.NewPromptTokens);
        Assert.Equal(80 + 5 - 28, outcome.TemplateTokens);
        Assert.True(outcome.IsExact);
        Assert.True(outcome.Segments[1].Start - outcome.Segments[0].End >= 0.019);

        SeenCall[] calls = [.. node.Calls];
        Assert.Equal(["replay-9-4-0", "replay-9-4-1"], calls.Select(static c => c.Headers["Idempotency-Key"].ToString()));
        using JsonDocument first = JsonDocument.Parse(calls[0].Body);
        using JsonDocument second = JsonDocument.Parse(calls[1].Body);
        Assert.Equal("""{"type":"function","function":{"name":"look"}}""", first.RootElement.GetProperty("tool_choice").GetRawText());
        Assert.Equal((6, 6), (first.RootElement.GetProperty("min_tokens").GetInt32(), first.RootElement.GetProperty("max_tokens").GetInt32()));
        Assert.Equal("math", first.RootElement.GetProperty("metadata").GetProperty("category").GetString());
        Assert.Equal(10, first.RootElement.GetProperty("messages")[0].GetProperty("content").GetString()!.Length);
        Assert.Equal(
            """[{"function":{"name":"look","parameters":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}},"type":"function"}]""",
            first.RootElement.GetProperty("tools").GetRawText());
        Assert.Equal(first.RootElement.GetProperty("tools").GetRawText(), second.RootElement.GetProperty("tools").GetRawText());
        Assert.Equal("none", second.RootElement.GetProperty("tool_choice").GetString());
        Assert.True(second.RootElement.GetProperty("ignore_eos").GetBoolean());
        Assert.Equal(5, second.RootElement.GetProperty("min_tokens").GetInt32());
        JsonElement messages = second.RootElement.GetProperty("messages");
        Assert.Equal(["user", "assistant", "tool"], messages.EnumerateArray().Select(static m => m.GetProperty("role").GetString()));
        Assert.Equal("call_1", messages[1].GetProperty("tool_calls")[0].GetProperty("id").GetString());
        Assert.Equal(("call_1", 7), (messages[2].GetProperty("tool_call_id").GetString(), messages[2].GetProperty("content").GetString()!.Length));
    }

    [Theory]
    [InlineData("""{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"no call"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}""", 200, "without a call of look")]
    [InlineData("""{"error":{"message":"too long"}}""", 400, "too long")]
    public async Task A_request_that_goes_wrong_says_why(string answer, int status, string why)
    {
        await using StubNode node = await StubNode.StartAsync((context, _) => StubNode.Json(context, answer, status));
        using AstraeaClient client = node.Client();

        RequestOutcome outcome = await Agent(client).PlayAsync(Two, default);

        Assert.False(outcome.IsCompleted);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_does_not_start_is_explained_with_its_last_lines()
    {
        string script = Path.Combine(Directory.CreateTempSubdirectory().FullName, "silo.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho cannot bind >&2\nexit 3\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        DemoException failure = await Assert.ThrowsAsync<DemoException>(() => NodeProcess.StartAsync(new NodeOptions(script, "astraea", 1, null, null), default));

        Assert.Contains("did not start", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_is_known_by_its_line_gets_its_settings_and_is_ended()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        string script = Path.Combine(folder.FullName, "silo.sh");
        string seen = Path.Combine(folder.FullName, "seen");
        await File.WriteAllTextAsync(script, $"#!/bin/sh\necho \"$@\" \"$Astraea__Gateway__ApiKeys__0__Key\" > {seen}\necho astraea: listening on http://127.0.0.1:1234\nexec cat /dev/zero > /dev/null\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        string arguments;
        await using (IReplayTarget node = await NodeProcess.StartAsync(new NodeOptions(script, "astraea-paper", 2, 99, null), default))
        {
            Assert.Equal([new Uri("http://127.0.0.1:1234")], node.Endpoints);
            Assert.True(node.IsRunning);
            arguments = await File.ReadAllTextAsync(seen);
            Assert.Contains(node.ApiKey, arguments, StringComparison.Ordinal);
        }

        Assert.Contains("--Astraea:Scheduler:Policy=astraea-paper", arguments, StringComparison.Ordinal);
        Assert.Contains("--Astraea:Worker:DeviceBlocks=99", arguments, StringComparison.Ordinal);
        Assert.DoesNotContain("HostBlocks", arguments, StringComparison.Ordinal);
        string data = arguments.Split(' ').Single(static a => a.StartsWith("--Astraea:DataDirectory=", StringComparison.Ordinal)).Split('=')[1];
        Assert.False(Directory.Exists(data));
    }

    private static ReplayAgent Agent(AstraeaClient client) => new(client, "m", new ReplayPlan(9, [Two]), Stopwatch.GetTimestamp());
}
