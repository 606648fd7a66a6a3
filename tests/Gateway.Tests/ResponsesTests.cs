using System.Text.Json;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

public sealed class ResponsesTests : IAsyncLifetime
{
    private const string Path = "/v1/responses";
    private const string Tools = """[{"type":"function","name":"look","parameters":{"type":"object"},"strict":true}]""";

    private static readonly string[] RequiredKeys =
    [
        "id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "previous_response_id", "instructions", "output", "error",
        "tools", "tool_choice", "truncation", "parallel_tool_calls", "text", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs",
        "temperature", "reasoning", "usage", "max_output_tokens", "max_tool_calls", "store", "background", "service_tier", "metadata",
        "safety_identifier", "prompt_cache_key",
    ];

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_response_has_all_keys_and_its_parameters()
    {
        JsonElement response = await _host.PostAsync(Path, $$$"""
            {"model":"letters","input":"Hi","instructions":"Be kind.","metadata":{"a":"b"},"max_output_tokens":20,"temperature":0.5,"tools":{{{Tools}}}}
            """);

        Assert.Equal(RequiredKeys.Order(StringComparer.Ordinal), response.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal("completed", response.GetProperty("status").GetString());
        Assert.Equal("Be kind.", response.GetProperty("instructions").GetString());
        Assert.Equal("b", response.GetProperty("metadata").GetProperty("a").GetString());
        Assert.Equal(20, response.GetProperty("max_output_tokens").GetInt32());
        Assert.Equal("look", response.GetProperty("tools")[0].GetProperty("name").GetString());
        JsonElement message = response.GetProperty("output").EnumerateArray().Single();
        Assert.Equal("message", message.GetProperty("type").GetString());
        Assert.Equal("Hello there", message.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(11, response.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_follows_the_event_order_and_numbers_it_without_gaps()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("Wait", ("look", "{}"));

        var events = await _host.StreamAsync(Path, $$$"""{"model":"letters","input":"Hi","stream":true,"tools":{{{Tools}}}}""");

        Assert.Equal("[DONE]", events[^1].Data);
        List<JsonElement> data = [.. events.SkipLast(1).Select(e => GatewayHost.Parse(e.Data))];
        Assert.Equal(events.SkipLast(1).Select(e => e.Name), data.Select(d => d.GetProperty("type").GetString()));
        Assert.Equal(Enumerable.Range(0, data.Count), data.Select(d => d.GetProperty("sequence_number").GetInt32()));
        Assert.Equal(
            [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done",
                "response.completed",
            ],
            events.SkipLast(1).Select(e => e.Name));
        JsonElement call = data[^2].GetProperty("item");
        Assert.Equal("function_call", call.GetProperty("type").GetString());
        Assert.Equal("completed", call.GetProperty("status").GetString());
        Assert.StartsWith("call_", call.GetProperty("call_id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stored_response_can_be_asked_for_and_equals_the_answer()
    {
        JsonElement posted = await _host.PostAsync(Path, """{"model":"letters","input":"Hi"}""");

        string got = await _host.Client.GetStringAsync($"{Path}/{posted.GetProperty("id").GetString()}");

        Assert.Equal(posted.GetRawText(), got);
    }

    [Fact]
    public async Task A_stored_stream_replays_byte_for_byte_from_any_number()
    {
        using HttpResponseMessage live = await _host.Client.SendAsync(GatewayHost.Post(Path, """{"model":"letters","input":"Hi","stream":true}"""));
        string whole = await live.Content.ReadAsStringAsync();
        string id = GatewayHost.Parse(GatewayHost.Events(whole)[0].Data).GetProperty("response").GetProperty("id").GetString()!;

        string replay = await _host.Client.GetStringAsync($"{Path}/{id}?stream=true");
        string rest = await _host.Client.GetStringAsync($"{Path}/{id}?stream=true&starting_after=3");

        Assert.Equal(whole, replay);
        Assert.Equal(GatewayHost.Events(whole).Skip(4), GatewayHost.Events(rest));
    }

    [Theory]
    [InlineData("?starting_after=-1&stream=true", 400)]
    [InlineData("?starting_after=abc&stream=true", 400)]
    [InlineData("?starting_after=1", 400)]
    [InlineData("?stream=maybe", 400)]
    public async Task A_bad_query_is_refused(string query, int status)
    {
        JsonElement posted = await _host.PostAsync(Path, """{"model":"letters","input":"Hi"}""");

        using HttpResponseMessage answer = await _host.Client.GetAsync(new Uri($"{Path}/{posted.GetProperty("id").GetString()}{query}", UriKind.Relative));

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task What_is_not_stored_foreign_or_never_was_is_not_found()
    {
        JsonElement unstored = await _host.PostAsync(Path, """{"model":"letters","input":"Hi","store":false}""");
        JsonElement stored = await _host.PostAsync(Path, """{"model":"letters","input":"Hi"}""");
        JsonElement chat = await _host.PostAsync("/v1/chat/completions", """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""");
        string id = stored.GetProperty("id").GetString()!;

        Assert.Equal(404, await StatusAsync(_host.Client, unstored.GetProperty("id").GetString()!));
        Assert.Equal(404, await StatusAsync(_host.Other, id));
        Assert.Equal(404, await StatusAsync(_host.Client, chat.GetProperty("id").GetString()!.Replace("chatcmpl-", "resp_", StringComparison.Ordinal)));
        Assert.Equal(404, await StatusAsync(_host.Client, "resp_nonsense"));
        Assert.Equal(404, await StatusAsync(_host.Client, id[..^1] + "7"));
        Assert.Equal(200, await StatusAsync(_host.Client, id));
    }

    [Fact]
    public async Task A_turn_on_a_previous_response_is_a_child_that_keeps_its_tokens()
    {
        using HttpResponseMessage first = await _host.Client.SendAsync(GatewayHost.Post(Path, """{"model":"letters","input":"Hi"}"""));
        string previous = GatewayHost.Parse(await first.Content.ReadAsStringAsync()).GetProperty("id").GetString()!;

        JsonElement second = await _host.PostAsync(Path, $$"""{"model":"letters","input":"More","previous_response_id":"{{previous}}"}""");
        await _host.PostAsync(Path, $$"""{"model":"letters","input":"Again","previous_response_id":"{{second.GetProperty("id").GetString()}}"}""");

        RequestId root = GatewayHost.RequestOf(first);
        RequestMessage.Submit[] submits = [.. _host.Agents.Heard.Select(h => (RequestMessage.Submit)h.Message)];
        Assert.Equal((root, root), (submits[1].Parent, submits[1].Session));
        Assert.Equal((_host.Agents.Heard.ElementAt(1).Id, root), (submits[2].Parent, submits[2].Session));
        int[] kept = [.. submits[1].PromptTokens, .. LetterText.Letters("Hello there")];
        Assert.Equal(kept, submits[2].PromptTokens.Take(kept.Length));
        Assert.Equal(previous, second.GetProperty("previous_response_id").GetString());
    }

    [Fact]
    public async Task Outputs_of_pending_calls_continue_the_request()
    {
        (RequestId id, string previous, string call) = await BeginLoopAsync();

        JsonElement second = await _host.PostAsync(Path, Output(previous, call));

        Assert.Equal($"resp_{id}1", second.GetProperty("id").GetString());
        Assert.IsType<RequestMessage.PostToolResults>(_host.Agents.Heard.Last().Message);
        SegmentWork[] work = [.. _host.Agents.Work];
        Assert.Equal(work[0].ContextTokens, work[1].ContextTokens.Take(work[0].ContextTokens.Length));
        // Both exchanges can still be asked for.
        Assert.Equal(200, await StatusAsync(_host.Client, previous));
        Assert.Equal(200, await StatusAsync(_host.Client, second.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task A_client_that_keeps_the_conversation_itself_continues_the_request_too()
    {
        (RequestId id, _, string call) = await BeginLoopAsync();

        JsonElement second = await _host.PostAsync(Path, $$$"""
            {"model":"letters","store":false,"tools":{{{Tools}}},"input":[{"role":"user","content":"Hi"},{"type":"reasoning","id":"r","summary":[]},
            {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Wait","annotations":[]}]},
            {"type":"function_call","call_id":"{{{call}}}","name":"look","arguments":"{}"},
            {"type":"function_call_output","call_id":"{{{call}}}","output":"seen"}]}
            """);

        Assert.Equal($"resp_{id}1", second.GetProperty("id").GetString());
    }

    [Fact]
    public async Task An_older_response_can_be_gone_on_from_again_as_a_fork()
    {
        (RequestId id, string previous, string call) = await BeginLoopAsync();
        await _host.PostAsync(Path, Output(previous, call));

        JsonElement fork = await _host.PostAsync(Path, Output(previous, call, "another result"));

        Assert.DoesNotContain(id.ToString(), fork.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(id, Assert.IsType<RequestMessage.Submit>(_host.Agents.Heard.Last().Message).Parent);
    }

    [Fact]
    public async Task Missing_and_unknown_outputs_are_refused_and_nothing_is_lost()
    {
        (_, string previous, string call) = await BeginLoopAsync();

        Assert.Equal((400, "missing_tool_result"), await RefusedAsync($$"""{"model":"letters","input":"Hello?","previous_response_id":"{{previous}}"}"""));
        Assert.Equal((400, "unknown_tool_call"), await RefusedAsync(Output(previous, "call_other")));
        Assert.Equal((400, "unknown_tool_call"), await RefusedAsync("""{"model":"letters","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}"""));
        JsonElement second = await _host.PostAsync(Path, Output(previous, call));
        Assert.Equal("completed", second.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_previous_response_must_exist_be_ours_and_have_ended()
    {
        JsonElement unstored = await _host.PostAsync(Path, """{"model":"letters","input":"Hi","store":false}""");
        JsonElement stored = await _host.PostAsync(Path, """{"model":"letters","input":"Hi"}""");
        string On(string id) => $$"""{"model":"letters","input":"More","previous_response_id":"{{id}}"}""";
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("slow") with { BeforePiece = _ => go.Task };
        JsonElement open = await _host.PostAsync(Path, """{"model":"letters","input":"Hi","background":true}""");

        Assert.Equal((404, "previous_response_not_found"), await RefusedAsync(On("resp_x")));
        Assert.Equal((404, "previous_response_not_found"), await RefusedAsync(On(unstored.GetProperty("id").GetString()!)));
        Assert.Equal((404, "previous_response_not_found"), await RefusedAsync(On(stored.GetProperty("id").GetString()!), _host.Other));
        Assert.Equal((409, "previous_response_in_progress"), await RefusedAsync(On(open.GetProperty("id").GetString()!)));
        go.SetResult();
    }

    [Fact]
    public async Task A_background_response_answers_at_once_and_is_read_later()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("slow") with { BeforePiece = _ => go.Task };

        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post(Path, """{"model":"letters","input":"Hi","background":true}"""));
        JsonElement open = GatewayHost.Parse(await answer.Content.ReadAsStringAsync());
        RequestId id = GatewayHost.RequestOf(answer);
        go.SetResult();
        await _host.Agents.IdleAsync(id);
        JsonElement done = GatewayHost.Parse(await _host.Client.GetStringAsync($"{Path}/{open.GetProperty("id").GetString()}"));

        Assert.Contains(open.GetProperty("status").GetString(), new[] { "queued", "in_progress" });
        Assert.False(((RequestMessage.Submit)_host.Agents.Heard.Single().Message).Spec.Foreground);
        Assert.Equal("completed", done.GetProperty("status").GetString());
        Assert.Equal("slow", done.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Output_cut_by_its_limit_is_incomplete()
    {
        _host.Agents.Script = _ => ScriptedSegment.Cut("Hel");

        JsonElement response = await _host.PostAsync(Path, """{"model":"letters","input":"Hi","max_output_tokens":3}""");

        Assert.Equal("incomplete", response.GetProperty("status").GetString());
        Assert.Equal("max_output_tokens", response.GetProperty("incomplete_details").GetProperty("reason").GetString());
        Assert.Equal("incomplete", response.GetProperty("output")[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task An_image_is_left_out_with_a_warning()
    {
        JsonElement response = await _host.PostAsync(Path, """
            {"model":"letters","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","image_url":"http://169.254.169.254/"}]}]}
            """);

        Assert.Equal("completed", response.GetProperty("status").GetString());
        Assert.Contains("images", response.GetProperty("metadata").GetProperty("astraea_warning").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_ends_the_stream_with_a_failed_response()
    {
        _host.Agents.Script = _ => ScriptedSegment.Say("x") with { Failure = ("engine_fault", "The engine gave up.") };

        var events = await _host.StreamAsync(Path, """{"model":"letters","input":"Hi","stream":true}""");

        Assert.Equal("response.failed", events[^2].Name);
        JsonElement response = GatewayHost.Parse(events[^2].Data).GetProperty("response");
        Assert.Equal("failed", response.GetProperty("status").GetString());
        Assert.Equal("engine_fault", response.GetProperty("error").GetProperty("code").GetString());
    }

    private async Task<(RequestId Id, string Response, string Call)> BeginLoopAsync()
    {
        _host.Agents.Script = _ => _host.Agents.Work.Count == 1 ? ScriptedSegment.CallTools("Wait", ("look", "{}")) : ScriptedSegment.Say("Done.");
        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post(Path, $$$"""{"model":"letters","input":"Hi","tools":{{{Tools}}}}"""));
        JsonElement response = GatewayHost.Parse(await answer.Content.ReadAsStringAsync());
        return (GatewayHost.RequestOf(answer), response.GetProperty("id").GetString()!, response.GetProperty("output")[1].GetProperty("call_id").GetString()!);
    }

    private static string Output(string previous, string call, string result = "seen") => $$$"""
        {"model":"letters","previous_response_id":"{{{previous}}}","tools":{{{Tools}}},"input":[{"type":"function_call_output","call_id":"{{{call}}}","output":"{{{result}}}"}]}
        """;

    private async Task<(int Status, string? Code)> RefusedAsync(string json, HttpClient? client = null)
    {
        using HttpResponseMessage answer = await (client ?? _host.Client).SendAsync(GatewayHost.Post(Path, json));
        return ((int)answer.StatusCode, GatewayHost.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("code").GetString());
    }

    private static async Task<int> StatusAsync(HttpClient client, string id)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri($"{Path}/{id}", UriKind.Relative));
        return (int)answer.StatusCode;
    }
}
