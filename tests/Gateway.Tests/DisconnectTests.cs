using Astraea.Core.Lifecycle;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace Astraea.Gateway.Tests;

public sealed class DisconnectTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private const string Streamed = """{"model":"letters","stream":true,"messages":[{"role":"user","content":"Hi"}]}""";

    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GatewayHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync();
        _host.Agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 0 ? Task.CompletedTask : _goOn.Task };
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_client_that_leaves_a_stream_cancels_its_request()
    {
        (RequestId id, HttpResponseMessage response) = await OpenAsync(Chat, Streamed);

        response.Dispose();

        Assert.Equal("client disconnected", await _host.Agents.Cancelled.Task);
        _goOn.SetResult();
        await _host.Agents.IdleAsync(id);
        Assert.Contains(_host.Agents.History(id), e => e.Event is RequestEvent.RequestCancelled);
    }

    [Fact]
    public async Task A_client_that_leaves_before_a_whole_answer_cancels_its_request()
    {
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> post = _host.Client.SendAsync(
            GatewayHost.Post(Chat, """{"model":"letters","messages":[{"role":"user","content":"Hi"}]}""", "k"), leave.Token);
        RequestId id = RequestIds.Of(new TenantId("alpha"), "k");
        await _host.Agents.UntilAsync<RequestEvent.TokensGenerated>(id);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => post);
        Assert.Equal("client disconnected", await _host.Agents.Cancelled.Task);
    }

    [Fact]
    public async Task A_background_stream_goes_on_without_its_client()
    {
        (RequestId id, HttpResponseMessage response) = await OpenAsync("/v1/responses", """{"model":"letters","input":"Hi","background":true,"stream":true}""");

        response.Dispose();
        _goOn.SetResult();
        await _host.Agents.IdleAsync(id);

        Assert.Contains(_host.Agents.History(id), e => e.Event is RequestEvent.RequestCompleted);
        Assert.False(_host.Agents.Cancelled.Task.IsCompleted);
    }

    [Fact]
    public async Task Only_the_last_of_several_clients_takes_the_request_with_it()
    {
        (RequestId id, HttpResponseMessage response) = await OpenAsync(Chat, Streamed, "k");
        ExchangeReader reader = _host.Services.GetRequiredService<ExchangeReader>();
        AcceptedExchange exchange = new(new ExchangeId(id, 0), 0, 0);
        reader.Attach(id);
        reader.Attach(id);

        await reader.DetachAsync(exchange, cancelIfOpen: true);
        await reader.DetachAsync(exchange, cancelIfOpen: true);
        Assert.False(_host.Agents.Cancelled.Task.IsCompleted);
        response.Dispose();

        Assert.Equal("client disconnected", await _host.Agents.Cancelled.Task);
    }

    [Fact]
    public async Task A_client_that_leaves_as_its_exchange_ends_does_not_cancel_the_tool_wait()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("", ("look", "{}"));
        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post(
            Chat, """{"model":"letters","tools":[{"type":"function","function":{"name":"look"}}],"messages":[{"role":"user","content":"Hi"}]}"""));
        RequestId id = GatewayHost.RequestOf(answer);
        ExchangeReader reader = _host.Services.GetRequiredService<ExchangeReader>();
        reader.Attach(id);

        await reader.DetachAsync(new AcceptedExchange(new ExchangeId(id, 0), 0, 0), cancelIfOpen: true);

        Assert.False(_host.Agents.Cancelled.Task.IsCompleted);
    }

    /// <summary>Opens a stream and reads until the first text has come.</summary>
    private async Task<(RequestId Id, HttpResponseMessage Response)> OpenAsync(string path, string json, string? key = null)
    {
        HttpResponseMessage response = await _host.Client.SendAsync(GatewayHost.Post(path, json, key), HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode);
        Stream stream = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[1];
        string seen = "";
        while (!seen.EndsWith("one", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(buffer);
            seen += (char)buffer[0];
        }
        return (GatewayHost.RequestOf(response), response);
    }
}
