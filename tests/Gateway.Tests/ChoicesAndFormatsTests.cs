using System.Text.Json;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

public sealed class ChoicesAndFormatsTests : IAsyncLifetime
{
    private const string Path = "/v1/chat/completions";
    private const string Schema = """{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}""";

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    private static string Body(string more) => $$"""{"model":"letters","messages":[{"role":"user","content":"Hi"}]{{more}}}""";

    [Fact]
    public async Task Each_choice_is_a_request_of_its_own_with_its_own_chance()
    {
        _host.Agents.Script = work => ScriptedSegment.Say("seed ", work.Spec.Sampling.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));

        JsonElement answer = await _host.PostAsync(Path, Body(""","n":3,"seed":40"""));

        JsonElement[] choices = [.. answer.GetProperty("choices").EnumerateArray()];
        Assert.Equal([0, 1, 2], choices.Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal(["seed 40", "seed 41", "seed 42"], choices.Select(choice => choice.GetProperty("message").GetProperty("content").GetString()));
        Assert.Equal(3, _host.Agents.Heard.Select(heard => heard.Id).Distinct().Count());
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal((6, 21), (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task Streamed_choices_name_their_index_and_share_id_and_usage()
    {
        var events = await _host.StreamAsync(Path, Body(""","n":2,"stream":true,"stream_options":{"include_usage":true}"""));

        Assert.Equal("[DONE]", events[^1].Data);
        List<JsonElement> chunks = [.. events.SkipLast(1).Select(e => GatewayHost.Parse(e.Data))];
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
        for (int choice = 0; choice < 2; choice++)
        {
            JsonElement[] own = [.. chunks.SkipLast(1).Select(chunk => chunk.GetProperty("choices")[0]).Where(c => c.GetProperty("index").GetInt32() == choice)];
            Assert.Equal("Hello there", string.Concat(own.SkipLast(1).Select(c => c.GetProperty("delta").GetProperty("content").GetString())));
            Assert.Equal("stop", own[^1].GetProperty("finish_reason").GetString());
        }
        Assert.Equal(22, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Empty(chunks[^1].GetProperty("choices").EnumerateArray());
    }

    [Fact]
    public async Task An_idempotency_key_names_all_choices()
    {
        string body = Body(""","n":2,"temperature":1""");

        string[] answers = [await KeyedAsync(body), await KeyedAsync(body)];

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(2, _host.Agents.Work.Count);
    }

    [Theory]
    [InlineData("""{"type":"json_object"}""", "{}")]
    [InlineData("""{"type":"text"}""", null)]
    public async Task Response_formats_without_a_schema_reach_the_segment(string format, string? expected)
    {
        await _host.PostAsync(Path, Body($$""","response_format":{{format}}"""));

        Assert.Equal(expected, Submitted().FormatJson);
    }

    [Fact]
    public async Task A_schema_reaches_the_segment_with_its_place()
    {
        await _host.PostAsync(Path, Body($$$""","response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{{{Schema}}} } }"""));

        JsonElement format = GatewayHost.Parse(Submitted().FormatJson!);
        Assert.Equal("response_format.json_schema.schema", format.GetProperty("place").GetString());
        Assert.Equal(Schema, format.GetProperty("schema").GetRawText());
        Assert.True(format.GetProperty("strict").GetBoolean());
    }

    [Fact]
    public async Task Responses_take_and_repeat_a_text_format()
    {
        JsonElement answer = await _host.PostAsync("/v1/responses", $$$"""{"model":"letters","input":"Hi","text":{"format":{"type":"json_schema","name":"answer","strict":false,"schema":{{{Schema}}} } } }""");

        JsonElement format = GatewayHost.Parse(Submitted().FormatJson!);
        Assert.Equal("text.format.schema", format.GetProperty("place").GetString());
        Assert.False(format.GetProperty("strict").GetBoolean());
        Assert.Equal("answer", answer.GetProperty("text").GetProperty("format").GetProperty("name").GetString());
    }

    [Fact]
    public async Task What_the_model_says_of_a_schema_is_a_bad_request()
    {
        _host.Text.Complaint = "response_format.json_schema.schema.properties.a.not: this keyword is not supported.";

        using HttpResponseMessage response = await _host.Client.SendAsync(GatewayHost.Post(
            Path, Body(""","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"properties":{"a":{"not":{}}}}}}""")));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("properties.a.not", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_tools_reach_the_segment_as_such()
    {
        await _host.PostAsync(Path, Body($$$""","tools":[{"type":"function","function":{"name":"look","strict":true,"parameters":{{{Schema}}} } }]"""));

        Assert.True(GatewayHost.Parse(Submitted().ToolsJson!)[0].GetProperty("function").GetProperty("strict").GetBoolean());
    }

    private SegmentSpec Submitted() => ((RequestMessage.Submit)_host.Agents.Heard.Single().Message).Spec;

    private async Task<string> KeyedAsync(string body)
    {
        using HttpRequestMessage post = GatewayHost.Post(Path, body);
        post.Headers.Add("Idempotency-Key", "k");
        using HttpResponseMessage response = await _host.Client.SendAsync(post);
        return await response.Content.ReadAsStringAsync();
    }
}
