using Astraea.Contracts;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Grains.Tests.Local;

public sealed class LocalAgentRequestsTests
{
    private static readonly SegmentSpec s_spec = new(64, 0, false, new Sampling(), [], ToolMode.Auto, null, null, Foreground: true);
    private static readonly RequestId s_id = new(42);

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryHistoryStore _store = new();
    private readonly RecordingScheduler _scheduler = new();
    private readonly LocalAgentRequests _requests;

    public LocalAgentRequestsTests() => _requests = NewProcess();

    [Fact]
    public async Task A_submitted_request_can_be_read_and_its_scheduler_hears_of_it()
    {
        Assert.Equal(new RequestReply.Accepted(0, Joined: false), await SubmitAsync());
        HistoryPage page = await ReadAsync(0);
        Assert.Equal((RequestPhase.Ready, 1L), (page.Phase, page.Version));
        Assert.IsType<RequestEvent.Submitted>(Assert.Single(page.Events).Event);
        Assert.Equal((s_id, RequestPhase.Ready, 1L), Told(await _scheduler.NextAsync()));
    }

    [Fact]
    public async Task The_live_row_carries_the_picture_its_scheduler_was_told()
    {
        await SubmitAsync();
        RequestStatus told = await _scheduler.NextAsync();
        LiveRow row = Assert.Single(await _store.ReadLiveAsync(null, CancellationToken.None));
        Assert.Equal(told, RequestStatusCodec.Decode(row.Picture.Span) with { Ended = told.Ended });
    }

    [Fact]
    public async Task Equal_submits_in_parallel_make_one_request()
    {
        RequestReply[] replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(SubmitAsync)));
        Assert.Single(replies, r => r is RequestReply.Accepted { Joined: false });
        Assert.Equal(49, replies.Count(r => r is RequestReply.Accepted { Joined: true }));
        Assert.Equal(1, (await ReadAsync(0)).Version);
    }

    [Fact]
    public async Task A_reader_waits_for_the_next_event_and_sees_it_once()
    {
        await SubmitAsync();
        Task<HistoryPage> waiting = ReadAsync(1, TimeSpan.FromMinutes(1));
        Assert.False(waiting.IsCompleted);
        await StartAsync(1);
        HistoryPage page = await waiting;
        Assert.Equal([2L], page.Events.Select(e => e.Version));
        Assert.Equal(RequestPhase.Running, page.Phase);
    }

    [Fact]
    public async Task A_reader_hears_nothing_when_the_time_is_over()
    {
        await SubmitAsync();
        Task<HistoryPage> waiting = ReadAsync(1, TimeSpan.FromSeconds(10));
        await AdvanceUntilAsync(waiting);
        HistoryPage page = await waiting;
        Assert.Empty(page.Events);
        Assert.Equal((RequestPhase.Ready, 1L), (page.Phase, page.Version));
    }

    [Fact]
    public async Task A_reader_of_an_ended_request_does_not_wait()
    {
        await RunToEndAsync();
        HistoryPage page = await ReadAsync((await ReadAsync(0)).Version, TimeSpan.FromHours(1));
        Assert.Empty(page.Events);
        Assert.Equal(RequestPhase.Completed, page.Phase);
    }

    [Fact]
    public async Task A_request_that_was_never_submitted_is_empty()
    {
        HistoryPage page = await ReadAsync(0);
        Assert.Empty(page.Events);
        Assert.Equal((RequestPhase.New, 0L), (page.Phase, page.Version));
    }

    [Fact]
    public async Task Readers_far_behind_get_older_events_from_the_store()
    {
        await SubmitAsync();
        await StartAsync(1);
        for (int i = 0; i < 40; i++)
            await Request.TellAsync(new RequestMessage.ReportTokens(0, 1, i, [i]), default);
        long cursor = 0;
        List<long> seen = [];
        while (cursor < 42)
        {
            HistoryPage page = await _requests.Get(s_id).ReadAsync(cursor, 5, TimeSpan.Zero, default);
            Assert.InRange(page.Events.Length, 1, 5);
            seen.AddRange(page.Events.Select(e => e.Version));
            cursor = seen[^1];
        }
        Assert.Equal(Enumerable.Range(1, 42).Select(i => (long)i), seen);
    }

    [Fact]
    public async Task Tokens_do_not_trouble_the_scheduler()
    {
        await SubmitAsync();
        await StartAsync(1);
        Assert.Equal(RequestPhase.Ready, (await _scheduler.NextAsync()).Phase);
        Assert.Equal(RequestPhase.Running, (await _scheduler.NextAsync()).Phase);
        for (int i = 0; i < 10; i++)
            await Request.TellAsync(new RequestMessage.ReportTokens(0, 1, i, [i]), default);
        Assert.Equal(0, _scheduler.Unread);
        await EndAsync(10);
        RequestStatus last = await _scheduler.NextAsync();
        Assert.Equal((RequestPhase.Completed, 15L), (last.Phase, last.Version));
    }

    [Fact]
    public async Task A_scheduler_that_forgot_is_told_of_live_requests_again()
    {
        await SubmitAsync();
        await _requests.Get(new RequestId(7)).SubmitAsync(NewSubmit(), default);
        await _requests.Get(new RequestId(7)).CancelAsync(new RequestMessage.Cancel("enough"), default);
        Assert.Equal([RequestPhase.Ready, RequestPhase.Ready, RequestPhase.Cancelled], [
            (await _scheduler.NextAsync()).Phase, (await _scheduler.NextAsync()).Phase, (await _scheduler.NextAsync()).Phase]);
        Task<RequestStatus> again = _scheduler.NextAsync();
        while (!again.IsCompleted)
        {
            _requests.TellAgain();
            await ReadAsync(0);
        }
        Assert.Equal((s_id, RequestPhase.Ready, 1L), Told(await again));
    }

    [Fact]
    public async Task An_ended_request_is_put_away_and_still_read_page_by_page()
    {
        await RunToEndAsync();
        HistoryPage before = await ReadAsync(0);
        _time.Advance(TimeSpan.FromMinutes(1));
        while (_requests.ActiveCount > 0)
            await _requests.SweepAsync(default);
        HistoryPage after = await ReadAsync(0);
        Assert.Equal(0, _requests.ActiveCount);
        Assert.Equal((before.Version, before.Phase), (after.Version, after.Phase));
        Assert.Equal(before.Events.Select(e => e.Event.GetType()), after.Events.Select(e => e.Event.GetType()));
        HistoryPage first = await _requests.Get(s_id).ReadAsync(0, 2, TimeSpan.Zero, default);
        Assert.Equal((2, before.Version, RequestPhase.Completed), (first.Events.Length, first.Version, first.Phase));
        HistoryPage end = await ReadAsync(before.Version, TimeSpan.FromHours(1));
        Assert.Equal((0, RequestPhase.Completed), (end.Events.Length, end.Phase));
        Assert.Equal(new RequestReply.Accepted(0, Joined: true), await SubmitAsync());
    }

    [Fact]
    public async Task Live_requests_stay_in_memory()
    {
        await SubmitAsync();
        _time.Advance(TimeSpan.FromSeconds(59));
        await _requests.SweepAsync(default);
        Assert.Equal(1, _requests.ActiveCount);
    }

    [Fact]
    public async Task A_new_process_takes_up_everything_live()
    {
        await SubmitAsync();
        await StartAsync(1);
        await _requests.Get(new RequestId(7)).SubmitAsync(NewSubmit(), default);
        await _requests.Get(new RequestId(8)).SubmitAsync(NewSubmit(), default);
        await _requests.Get(new RequestId(8)).CancelAsync(new RequestMessage.Cancel("enough"), default);
        await _requests.StopAsync();
        while (_scheduler.Unread > 0)
            await _scheduler.NextAsync();

        LocalAgentRequests next = NewProcess();
        Assert.Equal(2, await next.RecoverAsync(default));
        RequestStatus[] told = [await _scheduler.NextAsync(), await _scheduler.NextAsync()];
        Assert.Equal([(new RequestId(7), RequestPhase.Ready), (s_id, RequestPhase.Running)], told.Select(t => (t.Request, t.Phase)).Order());
        Assert.IsType<RequestReply.Started>(await next.Get(s_id).TellAsync(new RequestMessage.StartSegment(0, 2, new("w"), 2, 0, "again"), default));
    }

    [Fact]
    public async Task A_tool_wait_that_lasts_too_long_fails_also_after_a_restart()
    {
        await SubmitAsync();
        await StartAsync(1);
        await EndAsync(0, new ParsedCall("look", "{}"));
        await _requests.StopAsync();
        LocalAgentRequests next = NewProcess();
        await next.RecoverAsync(default);
        HistoryPage waiting = await next.Get(s_id).ReadAsync(0, 100, TimeSpan.Zero, default);
        Assert.Equal(RequestPhase.ToolWait, waiting.Phase);
        HistoryPage page = waiting;
        while (page.Phase == RequestPhase.ToolWait)
        {
            _time.Advance(TimeSpan.FromMinutes(20));
            page = await next.Get(s_id).ReadAsync(waiting.Version, 100, TimeSpan.Zero, default);
        }
        Assert.Equal("tool_timeout", Assert.IsType<RequestEvent.RequestFailed>(Assert.Single(page.Events).Event).Code);
    }

    [Fact]
    public async Task A_foreground_request_that_nobody_reads_is_cancelled()
    {
        await SubmitAsync();
        _time.Advance(TimeSpan.FromSeconds(59));
        await _requests.SweepAsync(default);
        Assert.Equal(RequestPhase.Ready, (await ReadAsync(0)).Phase);
        _time.Advance(TimeSpan.FromSeconds(60));
        await _requests.SweepAsync(default);
        Assert.Equal(RequestPhase.Cancelled, (await ReadAsync(0)).Phase);
    }

    [Fact]
    public async Task A_parked_reader_attends()
    {
        await SubmitAsync();
        Task<HistoryPage> waiting = ReadAsync(1, TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromMinutes(10));
        await _requests.SweepAsync(default);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(RequestPhase.Ready, (await ReadAsync(0)).Phase);
        await Request.CancelAsync(new RequestMessage.Cancel("end of test"), default);
        await waiting;
    }

    [Fact]
    public async Task A_stopped_process_answers_that_it_is_unavailable()
    {
        await SubmitAsync();
        await _requests.StopAsync();
        await Assert.ThrowsAsync<AgentUnavailableException>(SubmitAsync);
        await Assert.ThrowsAsync<AgentUnavailableException>(() => ReadAsync(0));
    }

    private static (RequestId, RequestPhase, long) Told(RequestStatus status) => (status.Request, status.Phase, status.Version);

    private static RequestMessage.Submit NewSubmit() =>
        new(new TenantId("t"), new PoolId("p"), "", null, null, "key", "hash", "[]", [1, 2, 3], s_spec);

    private IAgentRequest Request => _requests.Get(s_id);

    private LocalAgentRequests NewProcess() => new(new RequestActivator(
        _store, new AgentRequestMachine(), _ => _scheduler, new ShellOptions { TailEvents = 8 },
        new DriverEnvironment(_time, Guid.NewGuid, NullLogger.Instance)));

    private Task<RequestReply> SubmitAsync() => Request.SubmitAsync(NewSubmit(), default);

    private Task<HistoryPage> ReadAsync(long after, TimeSpan wait = default) => Request.ReadAsync(after, 1000, wait, default);

    private Task<RequestReply> StartAsync(int attempt) => Request.TellAsync(new RequestMessage.StartSegment(0, attempt, new WorkerId("w"), 1, 0, "first"), default);

    private Task<RequestReply> EndAsync(int offset, params ParsedCall[] calls) => Request.TellAsync(
        new RequestMessage.EndSegment(
            0, 1, offset, [9], calls.Length > 0 ? FinishReason.ToolCalls : FinishReason.Stop, [.. calls], SegmentUsage.Zero,
            new KvPlace(new WorkerId("w"), 3, 0, "", KvDecision.Preserve, "")),
        default);

    private async Task RunToEndAsync()
    {
        await SubmitAsync();
        await StartAsync(1);
        await EndAsync(0);
    }

    private async Task AdvanceUntilAsync(Task happened)
    {
        while (!happened.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
