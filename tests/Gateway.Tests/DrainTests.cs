using System.Net;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Draining;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Gateway.Tests;

public sealed class DrainTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private const string Responses = "/v1/responses";
    private const string StreamedChat = """{"model":"letters","stream":true,"messages":[{"role":"user","content":"Hi"}]}""";
    private const string StreamedResponse = """{"model":"letters","stream":true,"input":"Hi"}""";

    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedAgents _agents = new();
    private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _third = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GatewayHost _host = null!;

    public async Task InitializeAsync()
    {
        _agents.Script = _ => ScriptedSegment.Say("one", "two", "three") with
        {
            BeforePiece = piece => piece switch { 0 => Task.CompletedTask, 1 => _second.Task, _ => _third.Task },
        };
        _host = await GatewayHost.StartAsync(_agents, _time, ("Astraea:Gateway:DrainSeconds", "20"));
    }

    public async Task DisposeAsync()
    {
        _second.TrySetResult();
        _third.TrySetResult();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_draining_gateway_is_not_ready_and_takes_nothing_new_but_goes_on_with_what_is_open()
    {
        using EventStream stream = await _host.OpenAsync(Responses, StreamedResponse);
        await stream.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));

        Task stopped = _host.StopAsync();
        // A fresh connection, as a probe opens it: the server still listens.
        using HttpClient probe = new() { BaseAddress = _host.Address };
        using HttpResponseMessage ready = await probe.GetAsync(new Uri("/readyz", UriKind.Relative));
        using HttpResponseMessage alive = await probe.GetAsync(new Uri("/healthz", UriKind.Relative));
        using HttpResponseMessage post = await _host.ClientOf(GatewayHost.AlphaKey).SendAsync(GatewayHost.Post(Chat, StreamedChat));
        _second.SetResult();
        List<StreamEvent> more = await stream.UntilAsync(e => e.Data!.Contains("two", StringComparison.Ordinal));
        Assert.False(stopped.IsCompleted);
        _third.SetResult();
        List<StreamEvent> rest = await stream.RestAsync();
        // The clock has not moved: the drain ends with the last open call.
        await stopped;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (ready.StatusCode, alive.StatusCode));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, post.StatusCode);
        Assert.NotNull(post.Headers.RetryAfter?.Delta);
        Assert.True(post.Headers.ConnectionClose);
        Assert.Contains("server_draining", await post.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotEmpty(more);
        Assert.Equal(["response.completed", null], rest.TakeLast(2).Select(e => e.Name));
    }

    [Fact]
    public async Task A_gateway_without_open_calls_goes_on_listening_until_whoever_routes_to_it_has_noticed()
    {
        FakeTimeProvider time = new();
        await using GatewayHost host = await GatewayHost.StartAsync(_agents, time, ("Astraea:Gateway:LingerSeconds", "5"));
        Task stopped = host.StopAsync();
        using HttpClient probe = new() { BaseAddress = host.Address };
        using HttpResponseMessage ready = await probe.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.False(stopped.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(5));
        await stopped;
        await Assert.ThrowsAsync<HttpRequestException>(() => probe.GetAsync(new Uri("/readyz", UriKind.Relative)));
    }

    [Fact]
    public async Task Streams_still_open_at_the_deadline_end_in_an_error_and_their_requests_go_on()
    {
        using EventStream response = await _host.OpenAsync(Responses, StreamedResponse);
        List<StreamEvent> seen = await response.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));
        using EventStream chat = await _host.OpenAsync(Chat, StreamedChat, "k");
        await chat.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));

        Task stopped = _host.StopAsync();
        _time.Advance(TimeSpan.FromSeconds(20));
        List<StreamEvent> responseEnd = await response.RestAsync();
        List<StreamEvent> chatEnd = await chat.RestAsync();
        await stopped;

        Assert.Equal(["error", null], responseEnd.Select(e => e.Name));
        Assert.Equal(seen[^1].Sequence + 1, responseEnd[0].Sequence);
        Assert.Equal("server_draining", responseEnd[0].Json.GetProperty("code").GetString());
        Assert.Equal("server_draining", responseEnd[0].Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("server_draining", chatEnd[0].Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(("[DONE]", "[DONE]"), (responseEnd[^1].Data, chatEnd[^1].Data));
        Assert.False(_agents.Cancelled.Task.IsCompleted);

        // The rest is to be had from another gateway: from the next number, or from the start.
        await using GatewayHost other = await GatewayHost.StartAsync(_agents);
        _second.SetResult();
        _third.SetResult();
        string id = seen[0].Json.GetProperty("response").GetProperty("id").GetString()!;
        using EventStream tail = await other.OpenAsync(new HttpRequestMessage(HttpMethod.Get, $"{Responses}/{id}?stream=true&starting_after={seen[^1].Sequence}"));
        List<StreamEvent> rest = await tail.RestAsync();
        Assert.Equal(Enumerable.Range(0, seen.Count + rest.Count - 1), seen.Concat(rest.SkipLast(1)).Select(e => e.Sequence));
        Assert.Equal("response.completed", rest[^2].Name);
        using EventStream again = await other.OpenAsync(Chat, StreamedChat, "k");
        string text = string.Concat((await again.RestAsync()).SkipLast(2).Select(e => e.Json.GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString()));
        Assert.Equal("onetwothree", text);
    }

    [Fact]
    public async Task A_whole_answer_that_is_not_there_at_the_deadline_is_a_503_that_may_be_repeated()
    {
        Task<HttpResponseMessage> post = _host.Client.SendAsync(
            GatewayHost.Post(Chat, """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""", "k"));
        RequestId id = RequestIds.Of(new TenantId("alpha"), "k");
        await _agents.UntilAsync<RequestEvent.TokensGenerated>(id);

        Task stopped = _host.StopAsync();
        _time.Advance(TimeSpan.FromSeconds(20));
        using HttpResponseMessage answer = await post;
        await stopped;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter?.Delta);
        Assert.False(answer.Headers.Contains("x-should-retry"));
        Assert.Contains("server_draining", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(_agents.Heard, heard => heard.Message is RequestMessage.Cancel);
    }

    [Fact]
    public async Task A_client_that_leaves_during_the_drain_takes_nothing_with_it()
    {
        EventStream stream = await _host.OpenAsync(Chat, StreamedChat);
        await stream.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));
        Task stopped = _host.StopAsync();

        stream.Dispose();
        // The drain ends because nobody is left, not because of the clock.
        await stopped;

        Assert.DoesNotContain(_agents.Heard, heard => heard.Message is RequestMessage.Cancel);
    }

    [Fact]
    public async Task A_reader_that_waits_through_an_outage_is_sent_away_at_the_deadline_too()
    {
        using EventStream stream = await _host.OpenAsync(Responses, StreamedResponse);
        List<StreamEvent> seen = await stream.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));
        _agents.SilenceUntil(new TaskCompletionSource().Task);
        // The read that waited came back with nothing; the next one hangs.
        Assert.True((await stream.NextAsync())!.IsComment);

        Task stopped = _host.StopAsync();
        _time.Advance(TimeSpan.FromSeconds(20));
        List<StreamEvent> end = await stream.RestAsync();
        await stopped;

        Assert.Equal("server_draining", end[0].Json.GetProperty("code").GetString());
        Assert.Equal(seen[^1].Sequence + 1, end[0].Sequence);
    }

    [Fact]
    public async Task A_reader_too_slow_for_the_last_words_is_cut_off_and_holds_nobody_up()
    {
        await using GatewayHost hasty = await GatewayHost.StartAsync(("Astraea:Gateway:DrainSeconds", "0"));
        DefaultHttpContext stuck = new();
        Connection connection = new();
        stuck.Features.Set<IHttpRequestLifetimeFeature>(connection);
        IDisposable stay = hasty.Services.GetRequiredService<GatewayDrain>().Enter(stuck);

        await hasty.StopAsync();

        Assert.True(connection.RequestAborted.IsCancellationRequested);
        stay.Dispose();
    }

    [Fact]
    public async Task The_host_waits_longer_than_the_drain_and_keeps_a_longer_time_that_was_set()
    {
        await using GatewayHost slow = await GatewayHost.StartAsync(
            services => services.AddSingleton<Contracts.IAgentRequests>(_agents).AddSingleton<Contracts.IClusterScheduler>(new FixedScheduler())
                .Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMinutes(10)));

        Assert.Equal(TimeSpan.FromSeconds(30), _host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
        Assert.Equal(TimeSpan.FromMinutes(10), slow.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    [Theory]
    [InlineData("-1"), InlineData("3601")]
    public async Task A_drain_time_out_of_range_stops_the_start(string seconds)
    {
        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(
            () => GatewayHost.StartAsync(("Astraea:Gateway:DrainSeconds", seconds)));

        Assert.Contains("DrainSeconds", wrong.Message, StringComparison.Ordinal);
    }

    private sealed class Connection : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public void Abort() => RequestAborted = new CancellationToken(canceled: true);
    }
}
