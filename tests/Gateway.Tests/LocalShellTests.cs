using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Gateway.Tests.Fakes;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Microsoft.Extensions.DependencyInjection;

namespace Astraea.Gateway.Tests;

/// <summary>The gateway over the real local shell and scheduler, with a small worker that pulls, answers and forgets.</summary>
public sealed class LocalShellTests : IAsyncLifetime, IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const string Tools = """[{"type":"function","function":{"name":"look"}}]""";

    private readonly CancellationTokenSource _stop = new();
    private readonly InMemoryHistoryStore _store = new();
    private GatewayHost _host = null!;
    private Task _worker = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _host = await StartAsync();
        _worker = WorkAsync(_host.Services.GetRequiredService<IClusterScheduler>(), _host.Services.GetRequiredService<IAgentRequests>());
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _worker;
        await _host.DisposeAsync();
    }

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_tool_loop_walks_through_scheduler_and_worker_twice()
    {
        JsonElement first = await _host.PostAsync(Chat, $$$"""{"model":"letters","tools":{{{Tools}}},"messages":[{"role":"user","content":"Look"}]}""");
        JsonElement message = first.GetProperty("choices")[0].GetProperty("message");
        string call = message.GetProperty("tool_calls")[0].GetProperty("id").GetString()!;

        var events = await _host.StreamAsync(Chat, $$$"""
            {"model":"letters","stream":true,"tools":{{{Tools}}},"messages":[{"role":"user","content":"Look"},{{{message.GetRawText()}}},
            {"role":"tool","tool_call_id":"{{{call}}}","content":"a tree"}]}
            """);

        string text = string.Concat(events.SkipLast(1).Select(e => GatewayHost.Parse(e.Data).GetProperty("choices")[0].GetProperty("delta"))
            .Select(d => d.TryGetProperty("content", out JsonElement content) ? content.GetString() : ""));
        Assert.Equal("I see it.", text);
        Assert.True(CallId.TryParse(call, out CallId id));
        JsonElement request = GatewayHost.Parse(await _host.Client.GetStringAsync($"/v1/astraea/requests/{id.Request}"));
        Assert.Equal("completed", request.GetProperty("phase").GetString());
        Assert.Equal(2, request.GetProperty("receipt").GetProperty("segments").GetInt32());
        Assert.Contains(
            request.GetProperty("events").EnumerateArray(),
            e => e.GetProperty("type").GetString() == "segment_started" && e.GetProperty("worker").GetString() == "pen");
    }

    [Fact]
    public async Task A_response_outlives_its_process()
    {
        JsonElement response = await _host.PostAsync("/v1/responses", """{"model":"letters","input":"Hi"}""", "k");
        await _stop.CancelAsync();
        await _worker;
        await _host.DisposeAsync();
        _host = await StartAsync();

        string id = response.GetProperty("id").GetString()!;
        Assert.Equal(response.GetRawText(), await _host.Client.GetStringAsync($"/v1/responses/{id}"));
        JsonElement again = await _host.PostAsync("/v1/responses", """{"model":"letters","input":"Hi"}""", "k");
        Assert.Equal(response.GetRawText(), again.GetRawText());
    }

    private Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(services => services
        .AddSingleton<IHistoryStore>(_store).AddSingleton(SchedulingPolicies.Create("astraea")).AddSingleton(new TicketSigner(new byte[32]))
        .AddLocalShell(new PoolId("letters")));

    private async Task WorkAsync(IClusterScheduler scheduler, IAgentRequests requests)
    {
        WorkerId self = new("pen");
        PullRequest pull = new(self, 0, [], 256, 256, 256, 8, 2_000, "letters", "", new CostProfile(1e-3, 1e-3, 1e-5, 1e-5), []);
        try
        {
            while (true)
            {
                Plan plan = await scheduler.PullAsync(pull, TimeSpan.FromSeconds(10), _stop.Token);
                pull = pull with { Epoch = plan.Epoch };
                foreach (Lease lease in plan.Leases)
                    await RunAsync(requests.Get(lease.Attempt.Request), lease, plan.Epoch, self);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task RunAsync(IAgentRequest request, Lease lease, long epoch, WorkerId self)
    {
        (_, int segment, int attempt) = lease.Attempt;
        RequestReply reply = await request.TellAsync(
            new RequestMessage.StartSegment(segment, attempt, self, epoch, lease.Inputs.Level, lease.Reason), _stop.Token);
        if (reply is not RequestReply.Started { Work: var work })
            return;
        bool calls = segment == 0 && work.Spec.ToolsJson is not null;
        ImmutableArray<int> output = calls ? LetterText.Call("look", "{}") : LetterText.Letters("I see it.");
        await request.TellAsync(new RequestMessage.ReportTokens(segment, attempt, 0, output[..4]), _stop.Token);
        SegmentUsage usage = SegmentUsage.Zero with { PromptTokens = work.ContextTokens.Length, SampledTokens = output.Length, DeviceSeconds = 0.01 };
        await request.TellAsync(
            new RequestMessage.EndSegment(
                segment, attempt, 4, output[4..], calls ? FinishReason.ToolCalls : FinishReason.Stop,
                calls ? [new ParsedCall("look", "{}")] : [], usage, null),
            _stop.Token);
    }
}
