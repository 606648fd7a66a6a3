using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using static Astraea.Core.Tests.Lifecycle.RequestUnderTest;

namespace Astraea.Core.Tests.Lifecycle;

public sealed class WorkerMessageTests
{
    private static readonly RequestReply s_goOn = new RequestReply.Progress(WorkerOrder.Continue);
    private static readonly RequestReply s_stop = new RequestReply.Progress(WorkerOrder.Stop);

    private readonly RequestUnderTest _request = new();

    public WorkerMessageTests() => _request.Submit();

    [Fact]
    public void A_start_hands_out_the_work()
    {
        SegmentWork work = Assert.IsType<RequestReply.Started>(_request.Start()).Work;
        Assert.Equal<IEnumerable<int>>([1, 2, 3], work.ContextTokens);
        Assert.Empty(work.OutputTokens);
        Assert.Equal(0, work.ComputedTokens);
        Assert.Equal((RequestPhase.Running, 1, Worker), (_request.State.Phase, _request.State.Attempt, _request.State.Worker));
    }

    [Fact]
    public void The_same_start_sent_again_is_answered_again_without_an_event()
    {
        _request.Start();
        Assert.IsType<RequestReply.Started>(_request.Start());
        Assert.Equal(2, _request.History.Count);
    }

    [Fact]
    public void An_attempt_that_is_not_newer_is_refused()
    {
        _request.Start(attempt: 2);
        Assert.Equal(RefusalCode.Stale, Refusal(_request.Start(attempt: 1)));
        Assert.Equal(RefusalCode.Stale, Refusal(_request.Start(attempt: 2, worker: "other")));
        Assert.Equal(RefusalCode.Stale, Refusal(_request.Start(segment: 1, attempt: 3)));
        _request.Return(0, 2);
        Assert.Equal(RefusalCode.Stale, Refusal(_request.Start(attempt: 2)));
    }

    [Fact]
    public void A_takeover_keeps_the_durable_output_and_stops_the_former_worker()
    {
        _request.Start();
        _request.Tokens(0, 1, 0, 10, 11);
        SegmentWork work = Assert.IsType<RequestReply.Started>(_request.Start(attempt: 2, worker: "w1")).Work;
        Assert.Equal<IEnumerable<int>>([10, 11], work.OutputTokens);
        Assert.Equal(4, work.ComputedTokens);
        Assert.Equal(s_stop, _request.Tokens(0, 1, 2, 12));
        Assert.Equal(s_stop, _request.End(0, 1, 2, FinishReason.Stop));
        Assert.Equal(s_stop, _request.Return(0, 1));
        Assert.Equal(s_stop, _request.Send(new RequestMessage.FailSegment(0, 1, "device_error", "late")));
        Assert.Equal(s_goOn, _request.Tokens(0, 2, 2, 12));
        Assert.Equal([10, 11, 12], _request.State.Output);
    }

    [Fact]
    public void Known_tokens_are_passed_over_and_a_gap_is_refused()
    {
        _request.Start();
        Assert.Equal(s_goOn, _request.Tokens(0, 1, 0, 10, 11));
        Assert.Equal(s_goOn, _request.Tokens(0, 1, 0, 10, 11));
        Assert.Equal(s_goOn, _request.Tokens(0, 1, 1, 11, 12));
        Assert.Equal(RefusalCode.Stale, Refusal(_request.Tokens(0, 1, 4, 14)));
        Assert.Equal(RefusalCode.Stale, Refusal(_request.Tokens(0, 1, -1, 14)));
        Assert.Equal([10, 11, 12], _request.State.Output);
        Assert.Equal([0, 2], _request.History.OfType<RequestEvent.TokensGenerated>().Select(t => t.Offset));
    }

    [Fact]
    public void An_end_without_calls_completes_the_request_in_the_same_commit()
    {
        _request.Start();
        _request.Tokens(0, 1, 0, 90);
        Assert.IsType<RequestReply.Done>(_request.End(0, 1, 0, FinishReason.Stop));
        Assert.Equal([typeof(RequestEvent.TokensGenerated), typeof(RequestEvent.SegmentEnded), typeof(RequestEvent.RequestCompleted)],
            _request.History[^3..].Select(e => e.GetType()));
        Assert.Equal([90, 91], _request.State.Output);
        Assert.Equal(RequestPhase.Completed, _request.State.Phase);
        Assert.Equal(2, _request.State.AttainedSeconds);
    }

    [Fact]
    public void An_end_that_says_calls_but_has_none_completes_the_request()
    {
        _request.Start();
        _request.End(0, 1, 0, FinishReason.ToolCalls);
        Assert.Equal(RequestPhase.Completed, _request.State.Phase);
    }

    [Fact]
    public void An_end_sent_again_is_heard_again()
    {
        _request.Start();
        _request.End(0, 1, 0, FinishReason.ToolCalls, "look");
        int events = _request.History.Count;
        Assert.IsType<RequestReply.Done>(_request.End(0, 1, 0, FinishReason.ToolCalls, "look"));
        _request.Results(null, "b", [1, 2, 3, 90, 91, 4], _request.PendingIds[0]);
        Assert.IsType<RequestReply.Done>(_request.End(0, 1, 0, FinishReason.ToolCalls, "look"));
        Assert.Equal(events + 1, _request.History.Count);
    }

    [Fact]
    public void Calls_are_numbered_over_the_whole_request()
    {
        _request.Start();
        _request.End(0, 1, 0, FinishReason.ToolCalls, "a", "b");
        _request.Results("k1", "b", [1, 2, 3, 90, 91, 4], [.. _request.PendingIds]);
        _request.Start(1, 2);
        _request.End(1, 2, 0, FinishReason.ToolCalls, "c");
        Assert.True(CallId.TryParse(_request.PendingIds[0], out CallId third));
        Assert.Equal(new CallId(Id, 2), third);
    }

    [Fact]
    public void A_returned_segment_is_ready_again_with_its_output()
    {
        _request.Start();
        _request.Tokens(0, 1, 0, 10);
        Assert.IsType<RequestReply.Done>(_request.Return(0, 1));
        Assert.IsType<RequestReply.Done>(_request.Return(0, 1));
        Assert.Equal(RequestPhase.Ready, _request.State.Phase);
        Assert.Equal([10], _request.State.Output);
        _request.Start(attempt: 2);
        _request.End(0, 2, 1, FinishReason.Stop);
        Assert.Equal(3, _request.State.AttainedSeconds);
    }

    [Fact]
    public void A_failed_segment_fails_its_request()
    {
        _request.Start();
        Assert.IsType<RequestReply.Done>(_request.Send(new RequestMessage.FailSegment(0, 1, "context_length_exceeded", "too long")));
        Assert.Equal(RequestPhase.Failed, _request.State.Phase);
        Assert.Equal(RefusalCode.Ended, Refusal(_request.Start(attempt: 2)));
    }

    [Fact]
    public void Waiting_counts_ready_intervals_only_and_is_never_negative()
    {
        _request.Now += 3;
        _request.Start();
        _request.Now += 10;
        _request.Return(0, 1);
        _request.Now -= 5;
        _request.Start(attempt: 2);
        Assert.Equal(TimeSpan.FromSeconds(3), _request.State.Waited);
        _request.Return(0, 2);
        _request.Now += 2;
        _request.Start(attempt: 3);
        _request.Now += 100;
        _request.Start(attempt: 4, worker: "w1");
        _request.End(0, 4, 0, FinishReason.ToolCalls, "look");
        _request.Now += 100;
        _request.Results(null, "b", [1], _request.PendingIds[0]);
        Assert.Equal(TimeSpan.FromSeconds(5), _request.State.Waited);
    }

    [Fact]
    public void Notes_on_kv_count_between_segments_only()
    {
        KvPlace moved = Place(new WorkerId("w7"), KvDecision.Swap);
        _request.Start();
        _request.Send(new RequestMessage.MoveKv(moved));
        Assert.Null(_request.State.Kv);
        _request.End(0, 1, 0, FinishReason.ToolCalls, "look");
        _request.Send(new RequestMessage.MoveKv(moved));
        _request.Send(new RequestMessage.MoveKv(moved));
        Assert.Equal(moved, _request.State.Kv);
        Assert.Single(_request.History.OfType<RequestEvent.KvMoved>());
        _request.Send(new RequestMessage.Cancel("enough"));
        _request.Send(new RequestMessage.MoveKv(Place(Worker, KvDecision.Discard)));
        Assert.Equal(moved, _request.State.Kv);
    }

    [Fact]
    public void A_diverged_echo_shortens_what_counts_as_computed()
    {
        _request.Start();
        _request.End(0, 1, 0, FinishReason.ToolCalls, "look");
        Assert.Equal(4, _request.State.ComputedTokens);
        _request.Results(null, "b", [1, 2, 8, 9], _request.PendingIds[0]);
        Assert.Equal(2, _request.State.ComputedTokens);
    }

    [Fact]
    public void The_scheduler_is_told_of_phases_levels_and_kv_but_not_of_tokens()
    {
        _request.Start();
        RequestEffect.TellScheduler started = Tell();
        _request.Tokens(0, 1, 0, 10, 11);
        Assert.Equal(started, Tell());
        Assert.Equal(3, _request.State.ToStatus().Version);
        _request.Start(attempt: 2, level: 3);
        Assert.NotEqual(started, Tell());
        _request.End(0, 2, 2, FinishReason.ToolCalls, "look");
        RequestEffect.TellScheduler ended = Tell();
        _request.Send(new RequestMessage.MoveKv(Place(Worker, KvDecision.Swap)));
        Assert.NotEqual(ended, Tell());
    }

    [Fact]
    public void The_picture_shows_what_the_scheduler_needs()
    {
        _request.Now += 4;
        _request.Start(level: 2);
        _request.Tokens(0, 1, 0, 10, 11);
        RequestStatus status = _request.State.ToStatus();
        Assert.Equal((5, 2, 2, Worker, null), (status.ContextTokens, status.OutputTokens, status.Level, status.Worker, status.Tool));
        Assert.Equal((1, TimeSpan.FromSeconds(4), 0.0), (status.Attempt, status.Waited, status.AttainedSeconds));
        _request.End(0, 1, 2, FinishReason.ToolCalls, "look");
        status = _request.State.ToStatus();
        Assert.Equal((RequestPhase.ToolWait, "look", null), (status.Phase, status.Tool, status.Worker));
        Assert.Equal(new SegmentOutcome(6, 4, 2, "look", null), Assert.Single(status.Ended));
    }

    private RequestEffect.TellScheduler Tell() => Assert.Single(_request.Owed().OfType<RequestEffect.TellScheduler>());

    private static RefusalCode Refusal(RequestReply reply) => Assert.IsType<RequestReply.Refused>(reply).Code;
}
