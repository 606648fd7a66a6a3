using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Gateway.Tests.Fakes;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Tests;

/// <summary>Keys, tenants, health, models and our own surface.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Hi = """{"model":"letters","messages":[{"role":"user","content":"Hi"}],"metadata":{"category":"chatbot"}}""";

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/v1/responses")]
    [InlineData("GET", "/v1/responses/resp_x")]
    [InlineData("GET", "/v1/models")]
    [InlineData("GET", "/v1/models/letters")]
    [InlineData("GET", "/v1/astraea/cluster")]
    [InlineData("GET", "/v1/astraea/requests/x")]
    [InlineData("POST", "/v1/astraea/requests/x/cancel")]
    [InlineData("DELETE", "/v1/models")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/admin")]
    [InlineData("GET", "/v1/astraea/cluster/../../admin.js")]
    [InlineData("GET", "/V1/MODELS")]
    public async Task Nobody_gets_in_without_a_key(string method, string path)
    {
        foreach (string? authorization in (string?[])[null, "Bearer wrong-key-000", "Basic YTpi", "Bearer", GatewayHost.AlphaKey])
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using HttpResponseMessage answer = await _host.Stranger.SendAsync(request);
            Assert.Equal(401, (int)answer.StatusCode);
            Assert.True(answer.Headers.Contains("x-request-id"));
            JsonElement error = GatewayHost.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("error");
            Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        }
    }

    [Fact]
    public async Task Without_keys_in_the_options_everybody_is_a_stranger()
    {
        await using GatewayHost host = await GatewayHost.StartAsync(("Astraea:Gateway:ApiKeys:0:Tenant", "gamma"), ("Astraea:Gateway:ApiKeys:0:Key", "gamma-secret"));

        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri("/v1/models", UriKind.Relative));

        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("Astraea:Gateway:ApiKeys:0:Key", "short")]
    [InlineData("Astraea:Gateway:ApiKeys:0:Key", GatewayHost.BetaKey)]
    [InlineData("Astraea:Gateway:ApiKeys:0:Tenant", "a b")]
    [InlineData("Astraea:Gateway:BodyBytesMax", "0")]
    public async Task A_bad_option_stops_the_start_and_does_not_print_a_secret(string key, string value)
    {
        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(async () => await GatewayHost.StartAsync((key, value)));

        Assert.Contains(key.Split(':')[^1], wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(GatewayHost.BetaKey, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_paths_and_methods_have_an_error_in_shape()
    {
        using HttpResponseMessage path = await _host.Client.GetAsync(new Uri("/v1/nothing.js", UriKind.Relative));
        using HttpResponseMessage method = await _host.Client.DeleteAsync(new Uri("/v1/models", UriKind.Relative));

        Assert.Equal(404, (int)path.StatusCode);
        Assert.Equal("unknown_url", await CodeAsync(path));
        Assert.Equal(405, (int)method.StatusCode);
        Assert.Equal(["GET"], method.Content.Headers.Allow);
        Assert.Equal("method_not_allowed", await CodeAsync(method));
    }

    [Fact]
    public async Task Health_needs_no_key_and_readiness_needs_a_worker()
    {
        using HttpResponseMessage health = await _host.Stranger.GetAsync(new Uri("/healthz", UriKind.Relative));
        using HttpResponseMessage ready = await _host.Stranger.GetAsync(new Uri("/readyz", UriKind.Relative));
        _host.Scheduler.View = _host.Scheduler.View with { Workers = [] };
        using HttpResponseMessage alone = await _host.Stranger.GetAsync(new Uri("/readyz", UriKind.Relative));

        Assert.Equal((200, 200, 503), ((int)health.StatusCode, (int)ready.StatusCode, (int)alone.StatusCode));
    }

    [Fact]
    public async Task The_model_is_listed_and_found()
    {
        JsonElement list = GatewayHost.Parse(await _host.Client.GetStringAsync("/v1/models"));
        JsonElement model = GatewayHost.Parse(await _host.Client.GetStringAsync("/v1/models/letters"));
        using HttpResponseMessage other = await _host.Client.GetAsync(new Uri("/v1/models/a/b", UriKind.Relative));

        Assert.Equal("letters", list.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal("model", model.GetProperty("object").GetString());
        Assert.Equal(404, (int)other.StatusCode);
    }

    [Fact]
    public async Task A_request_shows_its_history_and_receipt_to_its_tenant_only()
    {
        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post("/v1/chat/completions", Hi));
        string id = GatewayHost.RequestOf(answer).ToString();

        JsonElement request = GatewayHost.Parse(await _host.Client.GetStringAsync($"/v1/astraea/requests/{id}"));
        using HttpResponseMessage foreign = await _host.Other.GetAsync(new Uri($"/v1/astraea/requests/{id}", UriKind.Relative));
        using HttpResponseMessage nonsense = await _host.Client.GetAsync(new Uri("/v1/astraea/requests/x", UriKind.Relative));

        Assert.Equal(id, request.GetProperty("id").GetString());
        Assert.Equal("completed", request.GetProperty("phase").GetString());
        Assert.Equal("chatbot", request.GetProperty("category").GetString());
        Assert.Equal(1, request.GetProperty("receipt").GetProperty("segments").GetInt32());
        Assert.Equal(11, request.GetProperty("receipt").GetProperty("sampled_tokens").GetInt32());
        Assert.Equal(
            ["submitted", "segment_started", "tokens_generated", "tokens_generated", "segment_ended", "completed"],
            request.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("type").GetString()));
        Assert.DoesNotContain("Hello", request.GetRawText(), StringComparison.Ordinal);
        Assert.Equal((404, 404), ((int)foreign.StatusCode, (int)nonsense.StatusCode));
    }

    [Fact]
    public async Task A_running_request_can_be_cancelled_and_an_ended_one_cannot()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 0 ? Task.CompletedTask : go.Task };
        Task<HttpResponseMessage> post = _host.Client.SendAsync(GatewayHost.Post("/v1/chat/completions", Hi, "k"));
        RequestId id = Identity.RequestIds.Of(new TenantId("alpha"), "k");
        await _host.Agents.UntilAsync<RequestEvent.TokensGenerated>(id);

        using HttpResponseMessage foreign = await _host.Other.PostAsync(new Uri($"/v1/astraea/requests/{id}/cancel", UriKind.Relative), null);
        JsonElement cancelled = await _host.PostAsync($"/v1/astraea/requests/{id}/cancel", "{}");
        JsonElement again = await _host.PostAsync($"/v1/astraea/requests/{id}/cancel", "{}");
        using HttpResponseMessage answer = await post;
        go.SetResult();
        _host.Agents.Script = _ => ScriptedSegment.Say("done");
        using HttpResponseMessage other = await _host.Client.SendAsync(GatewayHost.Post("/v1/chat/completions", Hi));
        using HttpResponseMessage late = await _host.Client.PostAsync(
            new Uri($"/v1/astraea/requests/{GatewayHost.RequestOf(other)}/cancel", UriKind.Relative), null);

        Assert.Equal(404, (int)foreign.StatusCode);
        Assert.Equal("cancelled", cancelled.GetProperty("phase").GetString());
        Assert.Equal("cancelled", again.GetProperty("phase").GetString());
        Assert.Equal((409, "request_cancelled"), ((int)answer.StatusCode, await CodeAsync(answer)));
        Assert.Equal((409, "request_ended"), ((int)late.StatusCode, await CodeAsync(late)));
    }

    [Fact]
    public async Task The_cluster_shows_all_workers_but_only_own_requests()
    {
        RequestView View(string tenant, ulong id, double score) => new(
            new RequestId(id), new TenantId(tenant), "chatbot", RequestPhase.Ready, 0, 1, score, false, null, null, 10, 0, 1.5, 2.5, "first");
        _host.Scheduler.View = _host.Scheduler.View with { Requests = ImmutableArray.Create(View("alpha", 1, 2.5), View("beta", 2, 1)) };

        JsonElement cluster = GatewayHost.Parse(await _host.Client.GetStringAsync("/v1/astraea/cluster"));

        JsonElement own = cluster.GetProperty("requests").EnumerateArray().Single();
        Assert.Equal("alpha", own.GetProperty("tenant").GetString());
        Assert.Equal("ready", own.GetProperty("phase").GetString());
        Assert.Equal(2.5, own.GetProperty("score").GetDouble());
        Assert.Equal("w0", cluster.GetProperty("workers")[0].GetProperty("worker").GetString());
        Assert.Equal(60, cluster.GetProperty("workers")[0].GetProperty("blocks_free").GetInt32());
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) =>
        GatewayHost.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("code").GetString();
}
