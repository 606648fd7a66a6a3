using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Grains.Tests.Conformance;

/// <summary>A shell under test: one or more processes over one store.</summary>
public interface IShellUnderTest : IAsyncDisposable
{
    IAgentRequests Requests { get; }

    IClusterScheduler Scheduler { get; }

    /// <summary>Everything in memory is lost, without any goodbye; what was acknowledged is not.</summary>
    Task CrashAsync();
}

/// <summary>What the shells under test are set to: short times, so that a dead worker is missed soon.</summary>
public static class ContractTimes
{
    public static PoolId Pool { get; } = new("pool");

    public static SchedulerOptions Scheduler { get; } = new()
    {
        WorkerLostAfter = TimeSpan.FromSeconds(5), LeaseStartWithin = TimeSpan.FromSeconds(5), UnknownGrace = TimeSpan.FromSeconds(1),
    };
}

/// <summary>What every shell must do. Time is real here, so nothing waits for it to pass.</summary>
public abstract class ShellContract : IAsyncLifetime
{
    private static readonly SegmentSpec s_spec = new(64, 0, false, new Sampling(), [], ToolMode.Auto, null, null, Foreground: true);
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(10);

    private IShellUnderTest _shell = null!;

    protected abstract Task<IShellUnderTest> StartAsync();

    public async Task InitializeAsync() => _shell = await StartAsync();

    public async Task DisposeAsync() => await _shell.DisposeAsync();

    [Fact]
    public async Task A_request_goes_from_submit_to_answer()
    {
        RequestId id = new(1);
        Assert.Equal(new RequestReply.Accepted(0, Joined: false), await SubmitAsync(id));
        SegmentWork work = await StartAsync(await LeaseAsync("w"));
        Assert.Equal([1, 2, 3], work.ContextTokens.AsEnumerable());
        Assert.Equal(new RequestReply.Progress(WorkerOrder.Continue), await TellAsync(id, new RequestMessage.ReportTokens(0, 1, 0, [7, 8])));
        Assert.Equal(new RequestReply.Done(), await EndAsync(id, 0, 1, 2));
        HistoryPage page = await ReadAsync(id, 0);
        Assert.Equal(RequestPhase.Completed, page.Phase);
        Assert.Equal(
            [typeof(RequestEvent.Submitted), typeof(RequestEvent.SegmentStarted), typeof(RequestEvent.TokensGenerated), typeof(RequestEvent.SegmentEnded), typeof(RequestEvent.RequestCompleted)],
            page.Events.Select(e => e.Event.GetType()).Distinct());
        Assert.Equal(Enumerable.Range(1, page.Events.Length).Select(i => (long)i), page.Events.Select(e => e.Version));
    }

    [Fact]
    public async Task Equal_submits_in_parallel_make_one_request()
    {
        RequestReply[] replies = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => SubmitAsync(new RequestId(2))));
        Assert.Single(replies, r => r is RequestReply.Accepted { Joined: false });
        Assert.Equal(31, replies.Count(r => r is RequestReply.Accepted { Joined: true }));
        Assert.Equal(1, (await ReadAsync(new RequestId(2), 0)).Version);
    }

    [Fact]
    public async Task A_request_that_was_never_submitted_is_empty()
    {
        HistoryPage page = await ReadAsync(new RequestId(3), 0);
        Assert.Equal((RequestPhase.New, 0L, true), (page.Phase, page.Version, page.Events.IsEmpty));
    }

    [Fact]
    public async Task A_parked_pull_wakes_when_a_segment_becomes_ready()
    {
        Task<Plan> parked = _shell.Scheduler.PullAsync(Pull("w"), s_long, default);
        await _shell.Scheduler.ViewAsync(default);
        await SubmitAsync(new RequestId(4));
        Plan plan = await parked;
        Assert.Equal(new RequestId(4), Assert.Single(plan.Leases).Attempt.Request);
    }

    [Fact]
    public async Task Every_reader_sees_every_event_once_and_in_order()
    {
        RequestId id = new(5);
        await SubmitAsync(id);
        Task<long[]>[] readers = [.. Enumerable.Range(1, 8).Select(max => FollowAsync(id, max))];
        await StartAsync(await LeaseAsync("w"));
        for (int i = 0; i < 40; i++)
            await TellAsync(id, new RequestMessage.ReportTokens(0, 1, i, [i]));
        await EndAsync(id, 0, 1, 40);
        long[] all = [.. Enumerable.Range(1, (int)(await ReadAsync(id, 0)).Version).Select(i => (long)i)];
        foreach (Task<long[]> reader in readers)
            Assert.Equal(all, await reader);
    }

    [Fact]
    public async Task Tool_results_make_the_next_segment()
    {
        RequestId id = new(6);
        await SubmitAsync(id);
        await StartAsync(await LeaseAsync("w"));
        await EndAsync(id, 0, 1, 0, new ParsedCall("look", "{}"));
        HistoryPage waiting = await ReadAsync(id, 0);
        Assert.Equal(RequestPhase.ToolWait, waiting.Phase);
        string call = waiting.Events.Select(e => e.Event).OfType<RequestEvent.SegmentEnded>().Single().Calls.Single().Id;
        RequestMessage.PostToolResults results = new([call], null, "hash2", "[]", [1, 2, 3, 4, 5, 6], s_spec);
        Assert.Equal(new RequestReply.Accepted(1, Joined: false), await _shell.Requests.Get(id).PostToolResultsAsync(results, default));
        Assert.Equal(new RequestReply.Accepted(1, Joined: true), await _shell.Requests.Get(id).PostToolResultsAsync(results, default));
        Lease lease = await LeaseAsync("w");
        Assert.Equal((1, 2), (lease.Attempt.Segment, lease.Attempt.Attempt));
        Assert.Equal([1, 2, 3, 4, 5, 6], (await StartAsync(lease)).ContextTokens.AsEnumerable());
    }

    [Fact]
    public async Task A_cancelled_request_stops_its_worker()
    {
        RequestId id = new(7);
        await SubmitAsync(id);
        await StartAsync(await LeaseAsync("w"));
        await _shell.Requests.Get(id).CancelAsync(new RequestMessage.Cancel("enough"), default);
        Assert.Equal(new RequestReply.Progress(WorkerOrder.Stop), await TellAsync(id, new RequestMessage.ReportTokens(0, 1, 0, [7])));
        Assert.Equal(RequestPhase.Cancelled, (await ReadAsync(id, 0)).Phase);
    }

    [Fact]
    public async Task A_cancelled_read_ends()
    {
        await SubmitAsync(new RequestId(8));
        using CancellationTokenSource gone = new();
        Task<HistoryPage> reading = _shell.Requests.Get(new RequestId(8)).ReadAsync(1, 10, s_long, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task After_a_crash_everything_acknowledged_goes_on_without_anybody_calling_it()
    {
        RequestId running = new(9), ready = new(10);
        await SubmitAsync(running);
        await StartAsync(await LeaseAsync("w"));
        await TellAsync(running, new RequestMessage.ReportTokens(0, 1, 0, [7, 8]));
        await SubmitAsync(ready);
        long before = (await _shell.Scheduler.ViewAsync(default)).Epoch;

        await _shell.CrashAsync();

        // The worker that ran the one has died too: another one gets both.
        Dictionary<RequestId, SegmentAttempt> leased = [];
        while (leased.Count < 2)
        {
            SegmentAttempt next = (await LeaseAsync("other", [.. leased.Values])).Attempt;
            leased[next.Request] = next;
        }
        Assert.Equal([running, ready], leased.Keys.Order());
        Assert.True((await _shell.Scheduler.ViewAsync(default)).Epoch > before);
        HistoryPage page = await ReadAsync(running, 0);
        Assert.Equal([7, 8], page.Events.Select(e => e.Event).OfType<RequestEvent.TokensGenerated>().SelectMany(t => t.Tokens));
        RequestReply again = await TellAsync(running, new RequestMessage.StartSegment(0, 2, new WorkerId("other"), before + 1, 0, "taken over"));
        Assert.Equal([7, 8], Assert.IsType<RequestReply.Started>(again).Work.OutputTokens.AsEnumerable());
        Assert.Equal(new RequestReply.Progress(WorkerOrder.Stop), await TellAsync(running, new RequestMessage.ReportTokens(0, 1, 2, [9])));
    }

    [Fact]
    public async Task A_worker_keeps_its_segment_when_only_the_scheduler_is_new()
    {
        RequestId id = new(11);
        await SubmitAsync(id);
        Lease lease = await LeaseAsync("w");
        await StartAsync(lease);
        await _shell.CrashAsync();
        PullRequest holding = Pull("w") with { Held = [new HeldLease(lease.Attempt, Running: true)] };
        Plan plan = await RetryAsync(() => _shell.Scheduler.PullAsync(holding, TimeSpan.Zero, default));
        Assert.Empty(plan.Revokes);
        Assert.Equal(new RequestReply.Progress(WorkerOrder.Continue), await TellAsync(id, new RequestMessage.ReportTokens(0, 1, 0, [7])));
    }

    private static PullRequest Pull(string worker) => new(
        new WorkerId(worker), 0, [], 1000, 1000, 1000, 8, 8192, "class", "", new CostProfile(1e-4, 1e-3, 1e-6, 1e-6), []);

    private Task<RequestReply> SubmitAsync(RequestId id) => _shell.Requests.Get(id).SubmitAsync(
        new RequestMessage.Submit(new TenantId("t"), ContractTimes.Pool, "", null, null, "key", "hash", "[]", [1, 2, 3], s_spec), default);

    private Task<RequestReply> TellAsync(RequestId id, RequestMessage message) => RetryAsync(() => _shell.Requests.Get(id).TellAsync(message, default));

    private Task<RequestReply> EndAsync(RequestId id, int segment, int attempt, int offset, params ParsedCall[] calls) => TellAsync(
        id, new RequestMessage.EndSegment(
            segment, attempt, offset, [9], calls.Length == 0 ? FinishReason.Stop : FinishReason.ToolCalls, [.. calls], SegmentUsage.Zero, null));

    private Task<HistoryPage> ReadAsync(RequestId id, long after) =>
        RetryAsync(() => _shell.Requests.Get(id).ReadAsync(after, 1000, TimeSpan.Zero, default));

    private async Task<Lease> LeaseAsync(string worker, params SegmentAttempt[] held)
    {
        PullRequest pull = Pull(worker) with { Held = [.. held.Select(h => new HeldLease(h, Running: false))] };
        while (true)
        {
            Plan plan = await RetryAsync(() => _shell.Scheduler.PullAsync(pull, s_long, default));
            if (!plan.Leases.IsEmpty)
                return plan.Leases[0];
        }
    }

    private async Task<SegmentWork> StartAsync(Lease lease) => Assert.IsType<RequestReply.Started>(await TellAsync(
        lease.Attempt.Request, new RequestMessage.StartSegment(lease.Attempt.Segment, lease.Attempt.Attempt, new WorkerId("w"), 1, 0, lease.Reason))).Work;

    private async Task<long[]> FollowAsync(RequestId id, int max)
    {
        List<long> seen = [];
        while (true)
        {
            HistoryPage page = await _shell.Requests.Get(id).ReadAsync(seen.Count == 0 ? 0 : seen[^1], max, s_long, default);
            seen.AddRange(page.Events.Select(e => e.Version));
            if (page.Phase == RequestPhase.Completed && page.Events.IsEmpty)
                return [.. seen];
        }
    }

    /// <summary>Callers of a shell send again what could not be heard.</summary>
    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (AgentUnavailableException)
            {
                await Task.Delay(20);
            }
        }
    }
}
