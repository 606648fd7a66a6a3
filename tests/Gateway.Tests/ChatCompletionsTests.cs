using System.Text.Json;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

public sealed class ChatCompletionsTests : IAsyncLifetime
{
    private const string Path = "/v1/chat/completions";
    private const string Tools = """[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}},{"type":"function","function":{"name":"ask"}}]""";

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    private static string Body(string more = "") => $$"""{"model":"letters","messages":[{"role":"user","content":"Hi"}]{{more}}}""";

    [Fact]
    public async Task A_whole_answer_has_openai_shape()
    {
        JsonElement answer = await _host.PostAsync(Path, Body());

        Assert.StartsWith("chatcmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        Assert.Equal("letters", answer.GetProperty("model").GetString());
        Assert.Equal(864_000_000, answer.GetProperty("created").GetInt64());
        JsonElement choice = answer.GetProperty("choices").EnumerateArray().Single();
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        JsonElement message = choice.GetProperty("message");
        Assert.Equal("Hello there", message.GetProperty("content").GetString());
        Assert.Equal(JsonValueKind.Null, message.GetProperty("refusal").ValueKind);
        Assert.False(message.TryGetProperty("tool_calls", out _));
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal(6, usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(11, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(17, usage.GetProperty("total_tokens").GetInt32());
        Assert.Equal(3, usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_carries_role_text_finish_and_done()
    {
        var events = await _host.StreamAsync(Path, Body(""","stream":true"""));

        Assert.All(events, e => Assert.Null(e.Name));
        Assert.Equal("[DONE]", events[^1].Data);
        List<JsonElement> chunks = [.. events.SkipLast(1).Select(e => GatewayHost.Parse(e.Data))];
        Assert.Equal("assistant", Delta(chunks[0]).GetProperty("role").GetString());
        Assert.Equal(["", "Hello", " there"], chunks.SkipLast(1).Select(c => Delta(c).GetProperty("content").GetString()));
        Assert.All(chunks.SkipLast(1), c => Assert.Equal(JsonValueKind.Null, c.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind));
        Assert.Equal("stop", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Single(chunks.Select(c => c.GetProperty("id").GetString()).Distinct());
        Assert.All(chunks, c => Assert.False(c.TryGetProperty("usage", out _)));
    }

    [Fact]
    public async Task A_stream_ends_with_usage_when_asked_for()
    {
        var events = await _host.StreamAsync(Path, Body(""","stream":true,"stream_options":{"include_usage":true}"""));

        List<JsonElement> chunks = [.. events.SkipLast(1).Select(e => GatewayHost.Parse(e.Data))];
        Assert.All(chunks.SkipLast(1), c => Assert.Equal(JsonValueKind.Null, c.GetProperty("usage").ValueKind));
        Assert.Empty(chunks[^1].GetProperty("choices").EnumerateArray());
        Assert.Equal(11, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Parallel_calls_are_streamed_with_the_ids_the_request_gives_them()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("Wait.", ("look", """{"a":1}"""), ("ask", "{}"));

        using HttpResponseMessage response = await _host.Client.SendAsync(GatewayHost.Post(Path, Body($""","stream":true,"tools":{Tools}""")));
        var events = GatewayHost.Events(await response.Content.ReadAsStringAsync());

        RequestId id = GatewayHost.RequestOf(response);
        List<JsonElement> calls = [.. events.SkipLast(1).Select(e => Delta(GatewayHost.Parse(e.Data)))
            .Where(d => d.TryGetProperty("tool_calls", out _)).Select(d => d.GetProperty("tool_calls")[0])];
        List<JsonElement> starts = [.. calls.Where(c => c.TryGetProperty("id", out _))];
        Assert.Equal([new CallId(id, 0).ToString(), new CallId(id, 1).ToString()], starts.Select(c => c.GetProperty("id").GetString()));
        Assert.Equal(["look", "ask"], starts.Select(c => c.GetProperty("function").GetProperty("name").GetString()));
        Assert.All(starts, c => Assert.Equal("function", c.GetProperty("type").GetString()));
        string Arguments(int index) => string.Concat(calls.Where(c => c.GetProperty("index").GetInt32() == index)
            .Select(c => c.GetProperty("function").GetProperty("arguments").GetString()));
        Assert.Equal("""{"a":1}""", Arguments(0));
        Assert.Equal("{}", Arguments(1));
        Assert.Equal("tool_calls", GatewayHost.Parse(events[^2].Data).GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        RequestEvent.SegmentEnded ended = _host.Agents.History(id).Select(e => e.Event).OfType<RequestEvent.SegmentEnded>().Single();
        Assert.Equal(ended.Calls.Select(c => c.Id), starts.Select(c => c.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_call_without_text_has_null_content()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("", ("look", "{}"));

        JsonElement answer = await _host.PostAsync(Path, Body($""","tools":{Tools},"tool_choice":"required" """));

        JsonElement message = answer.GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(JsonValueKind.Null, message.GetProperty("content").ValueKind);
        Assert.Equal("look", message.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Tokens_fed_by_a_forced_call_are_not_counted_as_completion()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("", ("look", "{}")) with { FedTokens = 7 };

        JsonElement answer = await _host.PostAsync(Path, Body($$$""","tools":{{{Tools}}},"tool_choice":{"type":"function","function":{"name":"look"}}"""));

        Assert.Equal(LetterText.Call("look", "{}").Length - 7, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Everything_asked_reaches_the_segment()
    {
        await _host.PostAsync(Path, Body($$$"""
            ,"tools":{{{Tools}}},"tool_choice":{"type":"function","function":{"name":"ask"}},"temperature":0.5,"top_p":0.25,"top_k":7,"seed":-1,
            "frequency_penalty":1,"presence_penalty":-1,"stop":["x","y"],"max_tokens":50,"min_tokens":20,"ignore_eos":true,
            "metadata":{"category":"chatbot"},"user":"u","n":1,"logprobs":false,"logit_bias":{},"response_format":{"type":"text"},
            "chat_template":"ignored","something_unknown":{"a":[1]}
            """));

        RequestMessage.Submit submit = (RequestMessage.Submit)_host.Agents.Heard.Single().Message;
        Assert.Equal("chatbot", submit.Category);
        Assert.Equal("alpha", submit.Tenant.Value);
        Assert.Equal("letters", submit.Pool.Value);
        Assert.Equal(new Sampling(0.5, 0.25, 7, ulong.MaxValue, 1, -1), submit.Spec.Sampling);
        Assert.Equal<IEnumerable<string>>(["x", "y"], submit.Spec.Stop);
        Assert.Equal((50, 20, true), (submit.Spec.MaxOutputTokens, submit.Spec.MinOutputTokens, submit.Spec.IgnoreEos));
        Assert.Equal((ToolMode.Named, "ask"), (submit.Spec.ToolMode, submit.Spec.ToolName));
        Assert.True(submit.Spec.Foreground);
    }

    [Fact]
    public async Task Without_a_limit_output_fills_the_context_and_without_a_seed_one_is_drawn()
    {
        await _host.PostAsync(Path, Body());
        await _host.PostAsync(Path, Body());

        List<SegmentSpec> specs = [.. _host.Agents.Heard.Select(h => ((RequestMessage.Submit)h.Message).Spec)];
        Assert.Equal(_host.Text.ContextTokensMax - 6, specs[0].MaxOutputTokens);
        Assert.NotEqual(specs[0].Sampling.Seed, specs[1].Sampling.Seed);
    }

    [Fact]
    public async Task Output_cut_by_its_limit_finishes_with_length()
    {
        _host.Agents.Script = _ => ScriptedSegment.Cut("Hel");

        JsonElement answer = await _host.PostAsync(Path, Body(""","max_completion_tokens":3"""));

        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task A_failed_segment_is_a_server_error_that_must_not_be_repeated()
    {
        _host.Agents.Script = _ => ScriptedSegment.Say("x") with { Failure = ("engine_fault", "The engine gave up.") };

        using HttpResponseMessage response = await _host.Client.SendAsync(GatewayHost.Post(Path, Body()));

        Assert.Equal(500, (int)response.StatusCode);
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        JsonElement error = GatewayHost.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        Assert.Equal("engine_fault", error.GetProperty("code").GetString());
        Assert.Equal("server_error", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_failure_in_a_stream_is_an_error_event_before_done()
    {
        _host.Agents.Script = _ => ScriptedSegment.Say("x") with { Failure = ("engine_fault", "The engine gave up.") };

        var events = await _host.StreamAsync(Path, Body(""","stream":true"""));

        Assert.Equal("[DONE]", events[^1].Data);
        Assert.Equal("engine_fault", GatewayHost.Parse(events[^2].Data).GetProperty("error").GetProperty("code").GetString());
    }

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");
}
