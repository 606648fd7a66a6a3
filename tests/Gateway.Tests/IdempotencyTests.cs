using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

public sealed class IdempotencyTests : IAsyncLifetime
{
    private const string Path = "/v1/chat/completions";
    private const string Whole = """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""";
    private const string Streamed = """{"model":"letters","stream":true,"messages":[{"role":"user","content":"Hi"}]}""";

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Fifty_parallel_equal_posts_are_one_request_with_one_answer()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("once") with { BeforePiece = _ => go.Task };

        Task<HttpResponseMessage>[] posts = [.. Enumerable.Range(0, 50).Select(_ => _host.Client.SendAsync(GatewayHost.Post(Path, Whole, "k")))];
        go.SetResult();
        string[] bodies = await Task.WhenAll((await Task.WhenAll(posts)).Select(r => r.Content.ReadAsStringAsync()));

        Assert.Single(bodies.Distinct());
        Assert.Contains("once", bodies[0], StringComparison.Ordinal);
        Assert.Single(_host.Agents.Work);
    }

    [Fact]
    public async Task A_stream_replays_byte_for_byte_after_its_end()
    {
        using HttpResponseMessage live = await _host.Client.SendAsync(GatewayHost.Post(Path, Streamed, "k"));
        string first = await live.Content.ReadAsStringAsync();

        using HttpResponseMessage replay = await _host.Client.SendAsync(GatewayHost.Post(Path, Streamed, "k"));

        Assert.Equal(first, await replay.Content.ReadAsStringAsync());
        Assert.Equal(GatewayHost.RequestOf(live), GatewayHost.RequestOf(replay));
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_a_conflict_that_must_not_be_repeated()
    {
        await _host.PostAsync(Path, Whole, "k");

        using HttpResponseMessage other = await _host.Client.SendAsync(GatewayHost.Post(Path, Streamed, "k"));

        Assert.Equal(409, (int)other.StatusCode);
        Assert.Equal("false", other.Headers.GetValues("x-should-retry").Single());
        Assert.Contains("idempotency_key_reused", await other.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_key_of_another_tenant_is_another_request()
    {
        using HttpResponseMessage mine = await _host.Client.SendAsync(GatewayHost.Post(Path, Whole, "k"));
        using HttpResponseMessage theirs = await _host.Other.SendAsync(GatewayHost.Post(Path, Whole, "k"));

        Assert.NotEqual(GatewayHost.RequestOf(mine), GatewayHost.RequestOf(theirs));
    }

    [Fact]
    public async Task Tool_results_with_a_key_are_posted_once_and_a_changed_body_is_a_conflict()
    {
        _host.Agents.Script = _ => _host.Agents.Work.Count == 1 ? ScriptedSegment.CallTools("", ("look", "{}")) : ScriptedSegment.Say("Done.");
        string tools = """[{"type":"function","function":{"name":"look"}}]""";
        var first = await _host.PostAsync(Path, $$$"""{"model":"letters","tools":{{{tools}}},"messages":[{"role":"user","content":"Hi"}]}""", "a");
        string call = first.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("id").GetString()!;
        string Results(string text) => $$$"""
            {"model":"letters","tools":{{{tools}}},"messages":[{"role":"user","content":"Hi"},
            {"role":"assistant","tool_calls":[{"id":"{{{call}}}","type":"function","function":{"name":"look","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"{{{call}}}","content":"{{{text}}}"}]}
            """;

        var one = await _host.PostAsync(Path, Results("r"), "b");
        var two = await _host.PostAsync(Path, Results("r"), "b");
        using HttpResponseMessage changed = await _host.Client.SendAsync(GatewayHost.Post(Path, Results("s"), "b"));
        using HttpResponseMessage firstKeyAgain = await _host.Client.SendAsync(GatewayHost.Post(Path, Results("r"), "a"));

        Assert.Equal(one.GetRawText(), two.GetRawText());
        Assert.Equal(409, (int)changed.StatusCode);
        Assert.Equal(409, (int)firstKeyAgain.StatusCode);
        Assert.Equal(2, _host.Agents.Work.Count);
    }

    [Fact]
    public async Task A_key_that_is_empty_or_too_long_is_refused()
    {
        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post(Path, Whole, new string('k', 256)));

        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Empty(_host.Agents.Heard);
    }

    [Fact]
    public void A_request_id_is_the_digest_of_tenant_and_key()
    {
        RequestId expected = new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(
            System.Security.Cryptography.SHA256.HashData("alpha\0k"u8)));

        Assert.Equal(expected, Identity.RequestIds.Of(new TenantId("alpha"), "k"));
    }
}
