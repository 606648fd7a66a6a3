using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.FrontDoor;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.FrontDoor;
using Astraea.Gateway.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace Astraea.Gateway.Tests.FrontDoor;

/// <summary>The front door without any transport in front of it.</summary>
public sealed class FrontDoorTests : IAsyncLifetime
{
    private static readonly ApiKey s_alpha = new(GatewayHost.AlphaKey);
    private static readonly FrontDoorSettings s_plain = new(null, null, [], null, null, null, null, null, null, [], null);

    private GatewayHost _host = null!;

    private static readonly FrontDoorSettings s_tooled = s_plain with { Tools = [new FrontDoorTool("look", null, null), new FrontDoorTool("count", null, null)] };

    private AgentFrontDoor Door => _host.Services.GetRequiredService<AgentFrontDoor>();

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync(
        ("Astraea:Gateway:UnavailableAcceptMs", "200"), ("Astraea:Gateway:BodyBytesMax", "65536"), ("Astraea:Gateway:OpenExchangesMax", "2"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_task_becomes_the_message_that_the_same_post_becomes()
    {
        const string Schema = """{"type":"object","properties":{"at":{"type":"string"}}}""";
        FrontDoorSettings settings = new(
            "letters", "Be brief.", [new FrontDoorTool("look", "Looks “around”.", JsonDocument.Parse(Schema).RootElement), new FrontDoorTool("rest", null, null)],
            ToolMode.Named, "look", 64, 0.5, 0.9, -7, ["\n\n", "§"], "math");
        ImmutableArray<FrontDoorMessage> messages =
        [
            new(ChatRole.System, "You look.", [], null), new(ChatRole.User, "Look: 東京 🌒", [], null),
            new(ChatRole.Assistant, "So:", [new ToolCall("call_1", "look", """{"at":"東京"}""")], null), new(ChatRole.Tool, "A tower.", [], "call_1"),
            new(ChatRole.Assistant, "", [new ToolCall("call_2", "look", "{}")], null), new(ChatRole.Tool, "", [], "call_2"),
        ];
        await AcceptedAsync(await Door.SubmitAsync(new FrontDoorCall.Submit(s_alpha, "k", messages, null, settings), default));
        await _host.PostAsync("/v1/responses", $$$"""
            {"model":"letters","background":true,"instructions":"Be brief.","max_output_tokens":64,"temperature":0.5,"top_p":0.9,"seed":-7,"stop":["\n\n","§"],
             "metadata":{"category":"math"},"tool_choice":{"type":"function","name":"look"},
             "tools":[{"type":"function","name":"look","description":"Looks “around”.","parameters":{{{Schema}}}},{"type":"function","name":"rest"}],
             "input":[{"role":"system","content":"You look."},{"role":"user","content":"Look: 東京 🌒"},{"role":"assistant","content":"So:"},
              {"type":"function_call","call_id":"call_1","name":"look","arguments":"{\"at\":\"東京\"}"},{"type":"function_call_output","call_id":"call_1","output":"A tower."},
              {"type":"function_call","call_id":"call_2","name":"look","arguments":"{}"},{"type":"function_call_output","call_id":"call_2","output":""}]}
            """);

        RequestMessage.Submit[] heard = [.. _host.Agents.Heard.Select(h => h.Message).OfType<RequestMessage.Submit>()];
        Assert.Equal(2, heard.Length);
        Assert.Equal(Readable(heard[1].PromptTokens), Readable(heard[0].PromptTokens));
        Assert.Equal(heard[1].Category, heard[0].Category);
        Assert.Equal(heard[1].Spec.Stop.AsEnumerable(), heard[0].Spec.Stop);
        Assert.Equal(heard[1].Spec, heard[0].Spec with { Stop = heard[1].Spec.Stop });
        Assert.False(heard[0].Spec.Foreground);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(1000)]
    public async Task Reading_by_turns_at_two_front_doors_gives_every_update_once(int max)
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("Let me see.", ("look", """{"at":1}"""), ("count", "{}"));
        await using GatewayHost second = await GatewayHost.StartAsync(_host.Agents);
        AgentFrontDoor[] doors = [Door, second.Services.GetRequiredService<AgentFrontDoor>()];
        string exchange = await SubmitAsync("k");

        List<FrontDoorUpdate> updates = [];
        for (int turn = 0; ; turn++)
        {
            long after = updates.Count == 0 ? -1 : updates[^1].Position;
            FrontDoorReply.Updates read = Assert.IsType<FrontDoorReply.Updates>(
                await doors[turn % 2].ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, after, max, TimeSpan.FromSeconds(10)), default));
            updates.AddRange(read.Items);
            if (read.AreLast)
                break;
        }

        Assert.Equal(Enumerable.Range(0, updates.Count).Select(i => (long)i), updates.Select(u => u.Position));
        Assert.Equal("Let me see.", string.Concat(updates.OfType<FrontDoorUpdate.TextAdded>().Select(t => t.Text)));
        FrontDoorUpdate.Finished end = Assert.IsType<FrontDoorUpdate.Finished>(updates[^1]);
        Assert.Equal(ExchangeEnd.CalledTools, end.End);
        Assert.Equal(updates.OfType<FrontDoorUpdate.ToolCalled>().Select(c => c.Call), end.Calls);
        Assert.Equal(["look", "count"], end.Calls.Select(c => c.Name));
    }

    [Fact]
    public async Task A_read_behind_the_end_says_that_nothing_follows()
    {
        string exchange = await SubmitAsync("k");
        await ReadToEndAsync(exchange);
        FrontDoorReply.Updates read = Assert.IsType<FrontDoorReply.Updates>(
            await Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, 500, 10, TimeSpan.FromSeconds(10)), default));
        Assert.Empty(read.Items);
        Assert.True(read.AreLast);
    }

    [Fact]
    public async Task A_read_without_news_comes_back_empty_and_misses_nothing_later()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("Hello") with { BeforePiece = _ => go.Task };
        string exchange = await SubmitAsync("k");

        FrontDoorReply.Updates idle = Assert.IsType<FrontDoorReply.Updates>(
            await Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, -1, 10, TimeSpan.Zero), default));
        Assert.Empty(idle.Items);
        Assert.False(idle.AreLast);

        go.SetResult();
        Assert.Equal("Hello", (await ReadToEndAsync(exchange)).Text);
    }

    [Fact]
    public async Task Cut_off_failed_and_cancelled_are_told_apart()
    {
        _host.Agents.Script = _ => ScriptedSegment.Cut("Hel");
        Assert.Equal(ExchangeEnd.CutOff, (await ReadToEndAsync(await SubmitAsync("1"))).End);

        _host.Agents.Script = _ => ScriptedSegment.Say("Hel") with { Failure = ("no_luck", "It did not work.") };
        FrontDoorUpdate.Finished failed = await ReadToEndAsync(await SubmitAsync("2"));
        Assert.Equal((ExchangeEnd.Failed, "no_luck", "It did not work.", "Hel"), (failed.End, failed.ErrorCode, failed.Error, failed.Text));

        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("Hel") with { BeforePiece = _ => go.Task };
        string exchange = await SubmitAsync("3");
        FrontDoorCall.Cancel cancel = new(s_alpha, RequestOf(exchange));
        Assert.Equal(RequestPhase.Cancelled, Assert.IsType<FrontDoorReply.Ended>(await Door.CancelAsync(cancel, default)).Phase);
        Assert.Equal(ExchangeEnd.Cancelled, (await ReadToEndAsync(exchange)).End);
        go.SetResult();
    }

    [Fact]
    public async Task Results_begin_the_next_exchange_once()
    {
        _host.Agents.Script = work => work.ContextTokens.Contains('!') ? ScriptedSegment.Say("I see.") : ScriptedSegment.CallTools("", ("look", "{}"));
        string first = await SubmitAsync("k");
        FrontDoorUpdate.Finished called = await ReadToEndAsync(first);
        FrontDoorCall.PostToolResults post = new(s_alpha, first, [new FrontDoorToolResult(called.Calls[0].Id, "A tree!")], s_tooled);

        string[] next = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(async _ => await AcceptedAsync(await Door.PostToolResultsAsync(post, default))));

        Assert.Equal([first[..^1] + "1"], next.Distinct());
        Assert.Equal("I see.", (await ReadToEndAsync(next[0])).Text);
        FrontDoorReply.Refused other = Assert.IsType<FrontDoorReply.Refused>(
            await Door.PostToolResultsAsync(post with { Results = [new FrontDoorToolResult(called.Calls[0].Id, "A bush!")] }, default));
        Assert.Equal((409, false), (other.Status, other.MayRetry));
        Assert.Single(_host.Agents.Heard.Select(h => h.Id).Distinct());
    }

    [Fact]
    public async Task Results_for_a_run_that_was_cancelled_begin_no_other_run()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("", ("look", "{}"));
        string exchange = await SubmitAsync("k");
        FrontDoorUpdate.Finished called = await ReadToEndAsync(exchange);
        await Door.CancelAsync(new FrontDoorCall.Cancel(s_alpha, RequestOf(exchange)), default);

        FrontDoorReply.Refused refused = Assert.IsType<FrontDoorReply.Refused>(await Door.PostToolResultsAsync(
            new FrontDoorCall.PostToolResults(s_alpha, exchange, [new FrontDoorToolResult(called.Calls[0].Id, "A tree!")], s_tooled), default));

        Assert.Equal(409, refused.Status);
        Assert.Single(_host.Agents.Heard.Select(h => h.Id).Distinct());
    }

    [Theory]
    [InlineData(""), InlineData("kéy"), InlineData(null)]
    public async Task A_key_that_names_nothing_is_refused(string? key) => await RefusedAsync(Door.SubmitAsync(Hello(key!), default), 400);

    [Fact]
    public async Task What_makes_no_sense_is_refused_and_nothing_is_made_of_it()
    {
        await RefusedAsync(Door.SubmitAsync(Hello(new string('k', 256)), default), 400);
        await RefusedAsync(Door.SubmitAsync(Hello("k") with { Messages = default }, default), 400, "input");
        await RefusedAsync(Door.SubmitAsync(Hello("k", null!), default), 400);
        await RefusedAsync(Door.SubmitAsync(Hello("k", new string('x', 70_000)), default), 413);
        await RefusedAsync(Door.SubmitAsync(Hello("k") with { Settings = s_plain with { Model = "other" } }, default), 404, "model");
        await RefusedAsync(Door.SubmitAsync(Hello("k") with { Settings = s_plain with { TopP = 0 } }, default), 400, "top_p");
        await RefusedAsync(Door.SubmitAsync(Hello("k") with { Settings = s_plain with { ToolMode = ToolMode.Required } }, default), 400, "tool_choice");
        await RefusedAsync(Door.SubmitAsync(Hello("k") with { PreviousResponseId = "resp_nonsense" }, default), 404);
        await RefusedAsync(Door.PostToolResultsAsync(new FrontDoorCall.PostToolResults(s_alpha, "resp_nonsense", default, s_plain), default), 400);
        Assert.Empty(_host.Agents.Heard);
        string exchange = await SubmitAsync("k");
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, -2, 1, TimeSpan.Zero), default), 400);
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, -1, 0, TimeSpan.Zero), default), 400);
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange[..^1] + "1", -1, 1, TimeSpan.Zero), default), 404);
        await RefusedAsync(Door.ReadHistoryAsync(new FrontDoorCall.ReadHistory(s_alpha, RequestOf(exchange), -1), default), 400);
        await RefusedAsync(Door.ReadHistoryAsync(new FrontDoorCall.ReadHistory(s_alpha, new RequestId(5), 0), default), 404);
        Assert.Equal("Hello there", (await ReadToEndAsync(exchange)).Text);
    }

    [Fact]
    public async Task A_stored_chat_completion_is_no_exchange_of_a_run()
    {
        JsonElement chat = await _host.PostAsync("/v1/chat/completions", """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""");
        string exchange = "resp_" + chat.GetProperty("id").GetString()!["chatcmpl-".Length..];
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, -1, 1, TimeSpan.Zero), default), 404);
    }

    [Fact]
    public async Task Keys_decide_what_is_there()
    {
        string exchange = await SubmitAsync("k");
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(default, exchange, -1, 1, TimeSpan.Zero), default), 401);
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(new ApiKey("alpha-secret-2"), exchange, -1, 1, TimeSpan.Zero), default), 401);
        ApiKey beta = new(GatewayHost.BetaKey);
        await RefusedAsync(Door.ReadAsync(new FrontDoorCall.Read(beta, exchange, -1, 1, TimeSpan.Zero), default), 404);
        await RefusedAsync(Door.CancelAsync(new FrontDoorCall.Cancel(beta, RequestOf(exchange)), default), 404);
        await RefusedAsync(Door.ReadHistoryAsync(new FrontDoorCall.ReadHistory(beta, RequestOf(exchange), 0), default), 404);
    }

    [Fact]
    public async Task An_outage_is_sat_out_or_told_as_one_that_may_pass()
    {
        string exchange = await SubmitAsync("k");
        _host.Agents.BreakNext(2);
        Assert.Equal("Hello there", (await ReadToEndAsync(exchange)).Text);
        _host.Agents.BreakNext(1000);
        FrontDoorReply.Refused refused = await RefusedAsync(Door.CancelAsync(new FrontDoorCall.Cancel(s_alpha, RequestOf(exchange)), default), 503);
        Assert.True(refused.MayRetry);
        _host.Agents.BreakNext(0);
    }

    [Fact]
    public async Task More_calls_than_may_be_open_are_told_to_come_back()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("Hello") with { BeforePiece = _ => go.Task };
        string exchange = await SubmitAsync("k");
        FrontDoorCall.Read read = new(s_alpha, exchange, -1, 10, TimeSpan.FromMinutes(1));
        Task<FrontDoorReply>[] waiting = [Door.ReadAsync(read, default), Door.ReadAsync(read, default)];

        FrontDoorReply.Refused refused = await RefusedAsync(Door.ReadAsync(read, default), 429);

        Assert.True(refused.MayRetry);
        go.SetResult();
        await Task.WhenAll(waiting);
        Assert.Equal("Hello", (await ReadToEndAsync(exchange)).Text);
    }

    private static FrontDoorCall.Submit Hello(string key, string text = "Hi") =>
        new(s_alpha, key, [new FrontDoorMessage(ChatRole.User, text, [], null)], null, s_tooled);

    private async Task<string> SubmitAsync(string key) => await AcceptedAsync(await Door.SubmitAsync(Hello(key), default));

    private static Task<string> AcceptedAsync(FrontDoorReply reply) =>
        Task.FromResult(Assert.IsType<FrontDoorReply.Accepted>(reply).ResponseId);

    private static async Task<FrontDoorReply.Refused> RefusedAsync(Task<FrontDoorReply> call, int status, string? param = null)
    {
        FrontDoorReply.Refused refused = Assert.IsType<FrontDoorReply.Refused>(await call);
        Assert.True(status == refused.Status, $"{refused.Status}: {refused.Message}");
        if (param is not null)
            Assert.Equal(param, refused.Param);
        return refused;
    }

    private async Task<FrontDoorUpdate.Finished> ReadToEndAsync(string exchange)
    {
        for (long after = -1; ;)
        {
            FrontDoorReply.Updates read = Assert.IsType<FrontDoorReply.Updates>(
                await Door.ReadAsync(new FrontDoorCall.Read(s_alpha, exchange, after, 1, TimeSpan.FromSeconds(10)), default));
            if (read.AreLast)
                return Assert.IsType<FrontDoorUpdate.Finished>(read.Items[^1]);
            after = read.Items.IsEmpty ? after : read.Items[^1].Position;
        }
    }

    private static string Readable(ImmutableArray<int> tokens) =>
        string.Concat(tokens.Select(t => t < LetterText.Turn ? ((char)t).ToString() : $"<{t}>"));

    private static RequestId RequestOf(string exchange)
    {
        Assert.True(RequestId.TryParse(exchange.AsSpan("resp_".Length, RequestId.TextLength), out RequestId id));
        return id;
    }
}
