using System.Collections.Concurrent;
using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Astraea.Worker.Engine;
using Astraea.Worker.Tests.Transfer;
using Astraea.Worker.Transfer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Astraea.Worker.Tests.Engine;

/// <summary>A whole node without a gateway: requests, scheduler, workers, and their data plane on a loopback port.</summary>
internal sealed class WorkerRig : IAsyncDisposable
{
    public static readonly PoolId Pool = new("pool");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _runs = [];
    private readonly WebApplication _http;
    private readonly FlakyRequests _flaky;
    private readonly PinnedTls _tls;

    private WorkerRig(WebApplication http, LocalAgentRequests requests, IClusterScheduler scheduler, TicketSigner signer, PinnedTls tls)
    {
        _tls = tls;
        _http = http;
        _flaky = new FlakyRequests(requests);
        Requests = requests;
        Scheduler = scheduler;
        Signer = signer;
    }

    public LocalAgentRequests Requests { get; }

    public IClusterScheduler Scheduler { get; }

    public TicketSigner Signer { get; }

    public ConcurrentDictionary<WorkerId, WorkerService> Workers { get; } = new();

    public ConcurrentDictionary<WorkerId, FakeRunner> Runners { get; } = new();

    /// <summary>Of the next so many messages of workers each is answered with "unavailable", half of them after they took effect.</summary>
    public void BreakMessages(int count) => _flaky.Break(count);

    public string Address => _http.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<WorkerRig> StartAsync(string policy = "astraea", params WorkerOptions[] workers)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        PinnedTls tls = new();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0, tls.Listen));
        WebApplication http = builder.Build();
        TicketSigner signer = new(EngineRig.Secret);
        ShellOptions options = new();
        SchedulerActivation scheduler = new(Pool, new SchedulerMachine(SchedulingPolicies.Create(policy)), signer, options, DriverEnvironment.Default);
        LocalAgentRequests requests = new(new RequestActivator(new InMemoryHistoryStore(), new AgentRequestMachine(), _ => scheduler, options, DriverEnvironment.Default));
        WorkerRig rig = new(http, requests, scheduler, signer, tls);
        http.MapKvTransfer(id => rig.Workers.GetValueOrDefault(id));
        await http.StartAsync();
        foreach (WorkerOptions worker in workers)
            rig.Add(worker, policy);
        return rig;
    }

    public WorkerService Add(WorkerOptions options, string policy = "astraea")
    {
        FakeRunner runner = new(options.DeviceBlocks);
        FakeText text = new();
        WorkerService worker = new(new WorkerParts
        {
            Options = options, Runner = runner, Policy = SchedulingPolicies.Create(policy), Text = text, Constraints = text, Requests = _flaky,
            Scheduler = Scheduler, Secret = EngineRig.Secret, Tickets = Signer, DataPlane = () => Address, Peers = _tls.Call,
            Log = NullLogger.Instance,
        });
        Workers[worker.Id] = worker;
        Runners[worker.Id] = runner;
        _runs.Add(worker.RunAsync(_stop.Token));
        return worker;
    }

    public async Task<RequestId> SubmitAsync(int id, ImmutableArray<int> context, SegmentSpec spec)
    {
        RequestId request = new((UInt128)id + 1);
        RequestReply reply = await Requests.Get(request).SubmitAsync(
            new RequestMessage.Submit(new TenantId("t"), Pool, "", null, null, null, $"{id}", "[]", context, spec), CancellationToken.None);
        Assert.IsType<RequestReply.Accepted>(reply);
        return request;
    }

    /// <summary>Answers the pending calls of a request.</summary>
    public async Task AnswerAsync(RequestId id, ImmutableArray<int> context, SegmentSpec spec)
    {
        ImmutableArray<ToolCall> calls = (await EventsAsync(id)).OfType<RequestEvent.SegmentEnded>().Last().Calls;
        RequestReply reply = await Requests.Get(id).PostToolResultsAsync(
            new RequestMessage.PostToolResults([.. calls.Select(c => c.Id)], null, "", "[]", context, spec), CancellationToken.None);
        Assert.IsType<RequestReply.Accepted>(reply);
    }

    public async Task<ImmutableArray<RequestEvent>> EventsAsync(RequestId id) =>
        [.. (await Requests.Get(id).ReadAsync(0, int.MaxValue, TimeSpan.Zero, CancellationToken.None)).Events.Select(e => e.Event)];

    /// <summary>Waits until a request's history holds an event that fits, and gives it back.</summary>
    public async Task<T> WaitForAsync<T>(RequestId id, Func<T, bool>? fits = null) where T : RequestEvent
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        for (long after = 0; ;)
        {
            HistoryPage page = await Requests.Get(id).ReadAsync(after, 64, TimeSpan.FromSeconds(5), limit.Token);
            foreach (RecordedEvent e in page.Events)
            {
                if (e.Event is RequestEvent.RequestFailed failed && typeof(T) != typeof(RequestEvent.RequestFailed))
                    Assert.Fail($"{failed.Code}: {failed.Message}");
                if (e.Event is T found && (fits is null || fits(found)))
                    return found;
                after = e.Version;
            }
        }
    }

    /// <summary>Output of a segment, as its history has it; versions and offsets are checked on the way.</summary>
    public async Task<List<int>> OutputAsync(RequestId id, int segment)
    {
        List<int> output = [];
        foreach (RequestEvent.TokensGenerated tokens in (await EventsAsync(id)).OfType<RequestEvent.TokensGenerated>().Where(t => t.Segment == segment))
        {
            Assert.Equal(output.Count, tokens.Offset);
            output.AddRange(tokens.Tokens);
        }
        return output;
    }

    public async Task StopWorkersAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_runs);
    }

    public async ValueTask DisposeAsync()
    {
        await StopWorkersAsync();
        foreach (WorkerService worker in Workers.Values)
            await worker.DisposeAsync();
        await _http.DisposeAsync();
        _tls.Dispose();
        await Requests.StopAsync();
        await ((SchedulerActivation)Scheduler).StopAsync();
        _stop.Dispose();
    }

    private sealed class FlakyRequests(IAgentRequests inner) : IAgentRequests
    {
        private int _left;

        public void Break(int count) => Interlocked.Exchange(ref _left, count);

        public IAgentRequest Get(RequestId id) => new Flaky(this, inner.Get(id));

        private sealed class Flaky(FlakyRequests owner, IAgentRequest inner) : IAgentRequest
        {
            public Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation) => inner.SubmitAsync(message, cancellation);

            public Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation) =>
                inner.PostToolResultsAsync(message, cancellation);

            public Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation) => inner.CancelAsync(message, cancellation);

            public async Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation)
            {
                int left = Interlocked.Decrement(ref owner._left);
                if (left >= 0 && left % 2 == 0)
                    throw new AgentUnavailableException("broken before it took effect");
                RequestReply reply = await inner.TellAsync(message, cancellation);
                return left >= 0 ? throw new AgentUnavailableException("broken after it took effect") : reply;
            }

            public Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation) =>
                inner.ReadAsync(after, max, wait, cancellation);
        }
    }
}
