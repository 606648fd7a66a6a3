using System.Text.Json;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

/// <summary>Chat completions have no session: a loop is known by the call ids we minted.</summary>
public sealed class ToolLoopTests : IAsyncLifetime
{
    private const string Path = "/v1/chat/completions";
    private const string Tools = """[{"type":"function","function":{"name":"look"}}]""";

    private GatewayHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync();
        _host.Agents.Script = work => _host.Agents.Work.Count == 1 ? ScriptedSegment.CallTools("Let me see.", ("look", """{"at": 1}""")) : ScriptedSegment.Say("Done.");
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Results_of_pending_calls_continue_the_request_and_its_tokens()
    {
        (RequestId first, string call) = await BeginAsync();

        using HttpResponseMessage answer = await PostAsync(Loop(call));

        Assert.Equal(first, GatewayHost.RequestOf(answer));
        SegmentWork[] work = [.. _host.Agents.Work];
        int[] kept = [.. work[0].ContextTokens, .. LetterText.Letters("Let me see."), .. LetterText.Call("look", """{"at": 1}""")];
        Assert.Equal(kept, work[1].ContextTokens.Take(kept.Length));
        Assert.IsType<RequestMessage.PostToolResults>(_host.Agents.Heard.Last().Message);
        string id = (await BodyAsync(answer)).GetProperty("id").GetString()!;
        Assert.Equal($"chatcmpl-{first}1", id);
    }

    [Fact]
    public async Task Arguments_may_be_printed_anew_by_the_client()
    {
        (RequestId first, string call) = await BeginAsync();

        using HttpResponseMessage answer = await PostAsync(Loop(call, arguments: """{\"at\":1}"""));

        Assert.Equal(first, GatewayHost.RequestOf(answer));
    }

    [Fact]
    public async Task The_same_post_again_joins_the_same_exchange()
    {
        (_, string call) = await BeginAsync();

        using HttpResponseMessage one = await PostAsync(Loop(call));
        using HttpResponseMessage two = await PostAsync(Loop(call));

        Assert.Equal(await one.Content.ReadAsStringAsync(), await two.Content.ReadAsStringAsync());
        Assert.Equal(2, _host.Agents.Work.Count);
    }

    [Fact]
    public async Task Results_that_come_late_become_a_fork()
    {
        (RequestId first, string call) = await BeginAsync();
        using HttpResponseMessage onTime = await PostAsync(Loop(call));

        using HttpResponseMessage late = await PostAsync(Loop(call, result: "other"));

        Assert.NotEqual(first, GatewayHost.RequestOf(late));
        RequestMessage.Submit fork = Assert.IsType<RequestMessage.Submit>(_host.Agents.Heard.Last().Message);
        Assert.Equal((first, first), (fork.Parent, fork.Session));
        Assert.Equal("Done.", (await BodyAsync(late)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task An_edited_conversation_becomes_a_fork_that_keeps_what_still_stands()
    {
        (RequestId first, string call) = await BeginAsync();

        using HttpResponseMessage answer = await PostAsync(Loop(call, said: "Let me think."));

        Assert.NotEqual(first, GatewayHost.RequestOf(answer));
        RequestMessage.Submit fork = Assert.IsType<RequestMessage.Submit>(_host.Agents.Heard.Last().Message);
        Assert.Equal(first, fork.Parent);
        Assert.Equal(_host.Agents.Work.First().ContextTokens, fork.PromptTokens.Take(_host.Agents.Work.First().ContextTokens.Length));
    }

    [Fact]
    public async Task A_later_turn_is_a_request_of_its_own_in_the_same_session()
    {
        (RequestId first, string call) = await BeginAsync();
        using HttpResponseMessage second = await PostAsync(Loop(call));

        using HttpResponseMessage third = await PostAsync(Loop(call, more: """,{"role":"assistant","content":"Done."},{"role":"user","content":"More"}"""));

        RequestMessage.Submit turn = Assert.IsType<RequestMessage.Submit>(_host.Agents.Heard.Last().Message);
        Assert.Equal((first, first), (turn.Parent, turn.Session));
        Assert.NotEqual(first, GatewayHost.RequestOf(third));
        int[] kept = [.. _host.Agents.Work.ElementAt(1).ContextTokens, .. LetterText.Letters("Done.")];
        Assert.Equal(kept, turn.PromptTokens.Take(kept.Length));
    }

    [Fact]
    public async Task Call_ids_of_another_tenant_are_plain_history()
    {
        (RequestId first, string call) = await BeginAsync();

        using HttpResponseMessage answer = await _host.Other.SendAsync(GatewayHost.Post(Path, Loop(call)));

        Assert.True(answer.IsSuccessStatusCode);
        Assert.NotEqual(first, GatewayHost.RequestOf(answer));
        RequestMessage.Submit submit = Assert.IsType<RequestMessage.Submit>(_host.Agents.Heard.Last().Message);
        Assert.Null(submit.Parent);
        Assert.Equal(RequestPhase.ToolWait, (await _host.Agents.Get(first).ReadAsync(0, 1, TimeSpan.Zero, default)).Phase);
    }

    [Fact]
    public async Task Call_ids_we_never_made_are_plain_history()
    {
        using HttpResponseMessage answer = await PostAsync(Loop("call_someone_else"));

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Null(Assert.IsType<RequestMessage.Submit>(_host.Agents.Heard.Single().Message).Parent);
    }

    [Fact]
    public async Task A_request_that_is_away_for_a_moment_is_asked_again()
    {
        _host.Agents.BreakNext(3);

        using HttpResponseMessage answer = await PostAsync("""{"model":"letters","messages":[{"role":"user","content":"Look"}]}""");

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Single(_host.Agents.Heard);
    }

    [Fact]
    public async Task A_request_that_stays_away_is_503_with_a_time_to_come_back()
    {
        await using GatewayHost host = await GatewayHost.StartAsync(("Astraea:Gateway:UnavailableAcceptMs", "0"));
        host.Agents.BreakNext(int.MaxValue);

        using HttpResponseMessage answer = await host.Client.SendAsync(
            GatewayHost.Post(Path, """{"model":"letters","messages":[{"role":"user","content":"Look"}]}"""));

        Assert.Equal(503, (int)answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private async Task<(RequestId Id, string Call)> BeginAsync()
    {
        using HttpResponseMessage answer = await PostAsync($$$"""{"model":"letters","tools":{{{Tools}}},"messages":[{"role":"user","content":"Look"}]}""");
        JsonElement message = (await BodyAsync(answer)).GetProperty("choices")[0].GetProperty("message");
        return (GatewayHost.RequestOf(answer), message.GetProperty("tool_calls")[0].GetProperty("id").GetString()!);
    }

    private static string Loop(string call, string said = "Let me see.", string arguments = """{\"at\": 1}""", string result = "seen", string more = "") => $$$"""
        {"model":"letters","tools":{{{Tools}}},"messages":[
          {"role":"user","content":[{"type":"text","text":"Look"}]},
          {"role":"assistant","content":"{{{said}}}","tool_calls":[{"id":"{{{call}}}","type":"function","function":{"name":"look","arguments":"{{{arguments}}}"}}]},
          {"role":"tool","tool_call_id":"{{{call}}}","content":"{{{result}}}"}{{{more}}}]}
        """;

    private Task<HttpResponseMessage> PostAsync(string json) => _host.Client.SendAsync(GatewayHost.Post(Path, json));

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage answer) => GatewayHost.Parse(await answer.Content.ReadAsStringAsync());
}
