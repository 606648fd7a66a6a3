using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

/// <summary>Bad inputs: a clear 4xx in OpenAI's shape, no request made, and the next post is served.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private const string Responses = "/v1/responses";

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync(("Astraea:Gateway:BodyBytesMax", "65536"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    [InlineData("\"x\"", null)]
    [InlineData("""{"model":"letters","messages":[{"role":"us""", null)]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":"Hi"}],"temperature":NaN}""", null)]
    [InlineData("""{"model":"letters","model":"letters","messages":[{"role":"user","content":"Hi"}]}""", null)]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":"Hi"}],"metadata":{"a":"1","a":"2"}}""", null)]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":"\ud800"}]}""", null)]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"\udc00":1}}}]}""", null)]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":"Hi"}]} trailing""", null)]
    public async Task A_body_that_is_not_one_json_object_is_refused(string body, string? param) => await RefusedAsync(Chat, body, 400, param);

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}]}""", 400, "model")]
    [InlineData("""{"model":"other","messages":[{"role":"user","content":"Hi"}]}""", 404, "model")]
    [InlineData("""{"model":7,"messages":[{"role":"user","content":"Hi"}]}""", 400, "model")]
    [InlineData("""{"model":"letters"}""", 400, "messages")]
    [InlineData("""{"model":"letters","messages":[]}""", 400, "messages")]
    [InlineData("""{"model":"letters","messages":"Hi"}""", 400, "messages")]
    [InlineData("""{"model":"letters","messages":["Hi"]}""", 400, "messages[0]")]
    [InlineData("""{"model":"letters","messages":[{"role":"king","content":"Hi"}]}""", 400, "messages[0].role")]
    [InlineData("""{"model":"letters","messages":[{"content":"Hi"}]}""", 400, "messages[0].role")]
    [InlineData("""{"model":"letters","messages":[{"role":"user"}]}""", 400, "messages[0].content")]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":7}]}""", 400, "messages[0].content")]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":[{"type":"smell"}]}]}""", 400, "messages[0].content[0].type")]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]}""", 400, "messages[0].content[0].type")]
    [InlineData("""{"model":"letters","messages":[{"role":"assistant"}]}""", 400, "messages[0].content")]
    [InlineData("""{"model":"letters","messages":[{"role":"tool","tool_call_id":"c","content":"x"}]}""", 400, "messages")]
    [InlineData("""{"model":"letters","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":"Hi"}]}""", 400, "messages")]
    [InlineData("""{"model":"letters","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"x"},{"role":"tool","tool_call_id":"c","content":"x"}]}""", 400, "messages")]
    [InlineData("""{"model":"letters","messages":[{"role":"user","content":"unrenderable"}]}""", 400, "messages")]
    public async Task Bad_messages_are_refused(string body, int status, string param) => await RefusedAsync(Chat, body, status, param);

    [Theory]
    [InlineData("\"max_tokens\":0", "max_tokens")]
    [InlineData("\"max_tokens\":-1", "max_tokens")]
    [InlineData("\"max_tokens\":1e18", "max_tokens")]
    [InlineData("\"max_tokens\":2.5", "max_tokens")]
    [InlineData("\"max_tokens\":\"5\"", "max_tokens")]
    [InlineData("\"max_completion_tokens\":0", "max_completion_tokens")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":5", "max_tokens")]
    [InlineData("\"max_tokens\":5,\"min_tokens\":6", "min_tokens")]
    [InlineData("\"temperature\":-1", "temperature")]
    [InlineData("\"temperature\":2.1", "temperature")]
    [InlineData("\"temperature\":\"hot\"", "temperature")]
    [InlineData("\"top_p\":0", "top_p")]
    [InlineData("\"top_p\":1.01", "top_p")]
    [InlineData("\"top_k\":-2", "top_k")]
    [InlineData("\"seed\":1.5", "seed")]
    [InlineData("\"n\":0", "n")]
    [InlineData("\"n\":17", "n")]
    [InlineData("\"n\":1000000000", "n")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"top_logprobs\":21", "top_logprobs")]
    [InlineData("\"top_logprobs\":5", "top_logprobs")]
    [InlineData("\"logit_bias\":{\"5\":1}", "logit_bias")]
    [InlineData("\"logit_bias\":[]", "logit_bias")]
    [InlineData("\"frequency_penalty\":1e308", "frequency_penalty")]
    [InlineData("\"presence_penalty\":-3", "presence_penalty")]
    [InlineData("\"stop\":\"\"", "stop")]
    [InlineData("\"stop\":[\"a\",\"\"]", "stop[1]")]
    [InlineData("\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\"]", "stop")]
    [InlineData("\"stop\":7", "stop")]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format.type")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}}", "response_format.json_schema.name")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":[]}}", "response_format.json_schema.schema")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{},\"strict\":1}}", "response_format.json_schema.strict")]
    [InlineData("\"stream\":\"yes\"", "stream")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options")]
    [InlineData("\"tools\":{}", "tools")]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\\n\"}}]", "tools[0].function.name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools[1].function.name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":7}}]", "tools[0].function.parameters")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData("\"tool_choice\":\"perhaps\"", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"absent\"}}", "tool_choice")]
    [InlineData("\"functions\":[]", "functions")]
    [InlineData("\"metadata\":{\"a\":1}", "metadata.a")]
    [InlineData("\"metadata\":[]", "metadata")]
    public async Task Bad_parameters_are_refused(string field, string param) =>
        await RefusedAsync(Chat, $$"""{"model":"letters","messages":[{"role":"user","content":"Hi"}],{{field}}}""", 400, param);

    [Theory]
    [InlineData("""{"model":"letters"}""", "input")]
    [InlineData("""{"model":"letters","input":7}""", "input")]
    [InlineData("""{"model":"letters","input":[]}""", "input")]
    [InlineData("""{"model":"letters","input":[{"type":"reasoning"}]}""", "input")]
    [InlineData("""{"model":"letters","input":[{"type":"song"}]}""", "input[0].type")]
    [InlineData("""{"model":"letters","input":[{"type":"item_reference","id":"x"}]}""", "input[0]")]
    [InlineData("""{"model":"letters","input":[{"role":"tool","content":"x"}]}""", "input[0].role")]
    [InlineData("""{"model":"letters","input":[{"role":"user","content":[{"type":"input_file"}]}]}""", "input[0].content[0].type")]
    [InlineData("""{"model":"letters","input":"Hi","max_output_tokens":0}""", "max_output_tokens")]
    [InlineData("""{"model":"letters","input":"Hi","background":true,"store":false}""", "background")]
    [InlineData("""{"model":"letters","input":"Hi","conversation":"c","previous_response_id":"r"}""", "conversation")]
    [InlineData("""{"model":"letters","input":"Hi","conversation":"c"}""", "conversation")]
    [InlineData("""{"model":"letters","input":"Hi","truncation":"auto"}""", "truncation")]
    [InlineData("""{"model":"letters","input":"Hi","text":{"format":{"type":"json_schema","name":"a"}}}""", "text.format.schema")]
    [InlineData("""{"model":"letters","input":"Hi","tools":[{"type":"function","function":{"name":"f"}}]}""", "tools[0].name")]
    [InlineData("""{"model":"letters","input":"Hi","tool_choice":{"type":"function","name":"absent"}}""", "tool_choice")]
    [InlineData("""{"model":"letters","input":"Hi","previous_response_id":7}""", "previous_response_id")]
    public async Task Bad_responses_bodies_are_refused(string body, string param) => await RefusedAsync(Responses, body, 400, param);

    [Fact]
    public async Task A_prompt_beyond_the_context_is_refused_by_name()
    {
        string body = $$"""{"model":"letters","messages":[{"role":"user","content":"{{new string('x', 2000)}}"}]}""";

        JsonElement error = await RefusedAsync(Chat, body, 400, "messages");
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
        error = await RefusedAsync(Chat, """{"model":"letters","messages":[{"role":"user","content":"Hi"}],"max_tokens":1995}""", 400, "messages");
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
        await _host.PostAsync(Chat, """{"model":"letters","messages":[{"role":"user","content":"Hi"}],"max_tokens":1994}""");
    }

    [Fact]
    public async Task Counts_and_depth_are_bounded()
    {
        string Body(string field) => $$"""{"model":"letters","messages":[{"role":"user","content":"Hi"}],{{field}}}""";
        string tools = string.Join(',', Enumerable.Range(0, 129).Select(i => $$$"""{"type":"function","function":{"name":"f{{{i}}}"}}"""));
        string metadata = string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"k{i}\":\"v\""));
        string stops = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"s{i}\""));

        await RefusedAsync(Chat, Body($"\"tools\":[{tools}]"), 400, "tools");
        await RefusedAsync(Chat, Body($"\"metadata\":{{{metadata}}}"), 400, "metadata");
        await RefusedAsync(Chat, Body($"\"stop\":[{stops}]"), 400, "stop");
        await RefusedAsync(Chat, Body($"\"deep\":{new string('[', 10_000)}{new string(']', 10_000)}"), 400, null);
        await RefusedAsync(Chat, Body($$"""{{"\"metadata\""}}:{"category":"{{new string('c', 65)}}"}"""), 400, "metadata.category");
        await RefusedAsync(Chat, $$"""{"model":"{{new string('m', 300)}}","messages":[{"role":"user","content":"Hi"}]}""", 400, "model");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_with_and_without_a_length()
    {
        string large = $$"""{"model":"letters","messages":[{"role":"user","content":"{{new string('x', 70_000)}}"}]}""";

        await RefusedAsync(Chat, large, 413, null);
        using HttpRequestMessage chunked = GatewayHost.Post(Chat, large);
        chunked.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage answer = await _host.Client.SendAsync(chunked);
        Assert.Equal(413, (int)answer.StatusCode);
        await ServedAsync();
    }

    [Fact]
    public async Task A_body_of_another_type_is_415()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Chat) { Content = new StringContent("{}", Encoding.UTF8, "text/plain") };
        using HttpResponseMessage answer = await _host.Client.SendAsync(request);

        Assert.Equal(415, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_refused()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Chat) { Content = new ByteArrayContent([(byte)'{', 0xff, (byte)'}']) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage answer = await _host.Client.SendAsync(request);

        Assert.Equal(400, (int)answer.StatusCode);
    }

    [Fact]
    public async Task What_the_model_cannot_serve_is_refused_in_its_words()
    {
        _host.Text.Complaint = "This template has no tools.";

        JsonElement error = await RefusedAsync(Chat, """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""", 400, null, served: false);

        Assert.Equal("This template has no tools.", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Nul_and_control_tokens_stay_text()
    {
        await _host.PostAsync(Chat, """{"model":"letters","messages":[{"role":"user","content":"a\u0000<|im_end|>"}]}""");

        Assert.Contains(0, _host.Agents.Work.Single().ContextTokens);
    }

    [Fact]
    public async Task Too_many_open_exchanges_are_429_with_a_time_to_come_back()
    {
        await using GatewayHost host = await GatewayHost.StartAsync(("Astraea:Gateway:OpenExchangesMax", "1"));
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Agents.Script = _ => ScriptedSegment.Say("slow") with { BeforePiece = _ => go.Task };
        string body = """{"model":"letters","stream":true,"messages":[{"role":"user","content":"Hi"}]}""";
        using HttpResponseMessage first = await host.Client.SendAsync(GatewayHost.Post(Chat, body), HttpCompletionOption.ResponseHeadersRead);

        using HttpResponseMessage second = await host.Client.SendAsync(GatewayHost.Post(Chat, body));

        Assert.Equal(429, (int)second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        go.SetResult();
    }

    private async Task<JsonElement> RefusedAsync(string path, string body, int status, string? param, bool served = true)
    {
        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post(path, body));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        Assert.True(answer.Headers.Contains("x-request-id"));
        JsonElement error = GatewayHost.Parse(text).GetProperty("error");
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.True(error.TryGetProperty("code", out _));
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.Empty(_host.Agents.Heard);
        if (served)
            await ServedAsync();
        _host.Agents.Heard.Clear();
        return error;
    }

    private Task<JsonElement> ServedAsync() => _host.PostAsync(Chat, """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""");
}
