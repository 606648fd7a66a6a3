using Astraea.Core.Lifecycle;
using static Astraea.Core.Tests.Lifecycle.RequestUnderTest;

namespace Astraea.Core.Tests.Lifecycle;

public sealed class ClientMessageTests
{
    private readonly RequestUnderTest _request = new();

    [Fact]
    public void A_submit_makes_the_first_segment_ready()
    {
        Assert.Equal(new RequestReply.Accepted(0, Joined: false), _request.Submit());
        Assert.Equal((RequestPhase.Ready, 0, 0), (_request.State.Phase, _request.State.Segment, _request.State.Attempt));
        Assert.Equal(Id, _request.State.Session);
    }

    [Theory]
    [InlineData("k0")]
    [InlineData(null)]
    public void The_same_submit_joins_and_another_body_is_refused(string? key)
    {
        _request.Submit(key);
        Assert.Equal(new RequestReply.Accepted(0, Joined: true), _request.Submit(key));
        Assert.Equal(RefusalCode.KeyReused, Refusal(_request.Submit(key, body: "other")));
        Assert.Single(_request.History);
    }

    [Fact]
    public void A_submit_joins_also_after_the_end()
    {
        _request.Submit();
        _request.Send(new RequestMessage.Cancel("enough"));
        Assert.Equal(new RequestReply.Accepted(0, Joined: true), _request.Submit());
    }

    [Fact]
    public void Another_tenant_does_not_find_the_request()
    {
        _request.Submit();
        var foreign = new RequestMessage.Submit(new TenantId("other"), new PoolId("pool"), "", null, null, "k0", "b0", "[]", [1, 2, 3], Spec);
        Assert.Equal(RefusalCode.NotFound, Refusal(_request.Send(foreign)));
    }

    [Fact]
    public void Nonsense_is_refused_without_a_trace()
    {
        var empty = new RequestMessage.Submit(Tenant, new PoolId("pool"), "", null, null, "k", "b", "[]", [], Spec);
        Assert.Equal(RefusalCode.Invalid, Refusal(_request.Send(empty)));
        Assert.Equal(RefusalCode.Invalid, Refusal(_request.Send(empty with { PromptTokens = default })));
        Assert.Equal(RefusalCode.Invalid, Refusal(_request.Send(empty with { PromptTokens = [1], Spec = Spec with { MaxOutputTokens = 0 } })));
        Assert.Equal(RefusalCode.Invalid, Refusal(_request.Send(empty with { PromptTokens = [1], Spec = Spec with { MinOutputTokens = 33 } })));
        Assert.Empty(_request.History);
        Assert.Empty(_request.Owed());
    }

    [Fact]
    public void Messages_to_a_request_that_is_not_there_are_refused()
    {
        Assert.Equal(RefusalCode.NotFound, Refusal(_request.Results(null, "b", [1], "call_x")));
        Assert.Equal(RefusalCode.NotFound, Refusal(_request.Send(new RequestMessage.Cancel("why"))));
        Assert.Equal(RefusalCode.NotFound, Refusal(_request.Start()));
        Assert.Equal(new RequestReply.Progress(WorkerOrder.Stop), _request.Tokens(0, 1, 0, 5));
        Assert.IsType<RequestReply.Done>(_request.Send(new RequestMessage.CheckAttendance(TimeSpan.FromHours(1))));
        Assert.Empty(_request.History);
    }

    [Fact]
    public void Tool_results_begin_the_next_segment_with_the_common_prefix_kept()
    {
        RequestUnderTest request = InToolWait("look", "count");
        request.Now += 7;
        // The context was 1 2 3 with output 90 91; the echo diverges at the last token.
        RequestReply reply = request.Results("k1", "b1", [1, 2, 3, 90, 17, 18, 19], request.PendingIds[1], request.PendingIds[0]);
        Assert.Equal(new RequestReply.Accepted(1, Joined: false), reply);
        var posted = Assert.IsType<RequestEvent.ToolResultsPosted>(request.History[^1]);
        Assert.Equal((4, "17,18,19"), (posted.KeptTokens, string.Join(',', posted.AppendedTokens)));
        Assert.Equal([1, 2, 3, 90, 17, 18, 19], request.State.Context);
        Assert.Empty(request.State.Output);
        Assert.Equal((RequestPhase.Ready, 1), (request.State.Phase, request.State.Segment));
        Assert.Equal(7, request.State.Outcomes[^1].ToolSeconds);
    }

    [Fact]
    public void Results_of_other_calls_than_the_pending_ones_are_refused()
    {
        RequestUnderTest request = InToolWait("look", "count");
        string[] ids = [.. request.PendingIds];
        Assert.Equal(RefusalCode.WrongCalls, Refusal(request.Results("k", "b", [1], ids[0])));
        Assert.Equal(RefusalCode.WrongCalls, Refusal(request.Results("k", "b", [1], ids[0], ids[0])));
        Assert.Equal(RefusalCode.WrongCalls, Refusal(request.Results("k", "b", [1], ids[0], "call_other")));
        Assert.Equal(RefusalCode.WrongCalls, Refusal(request.Results("k", "b", [1])));
        Assert.Equal(RequestPhase.ToolWait, request.State.Phase);
    }

    [Theory]
    [InlineData("k1")]
    [InlineData(null)]
    public void Results_that_were_accepted_join_even_when_the_request_has_moved_on(string? key)
    {
        RequestUnderTest request = InToolWait("look");
        string call = request.PendingIds[0];
        request.Results(key, "b1", [1, 2, 3, 90, 91, 5], call);
        request.Start(1, 2);
        request.End(1, 2, 0, FinishReason.Stop);
        Assert.Equal(new RequestReply.Accepted(1, Joined: true), request.Results(key, "b1", [1, 2, 3, 90, 91, 5], call));
        Assert.Equal(RefusalCode.KeyReused, Refusal(request.Results(key, "other", [1, 2, 3, 90, 91, 6], call)));
    }

    [Fact]
    public void Results_nobody_waits_for_are_refused()
    {
        RequestUnderTest request = InToolWait("look");
        string call = request.PendingIds[0];
        request.Results("k1", "b1", [1, 2, 3, 90, 91, 5], call);
        Assert.Equal(RefusalCode.Busy, Refusal(request.Results("k2", "b2", [1, 2, 3, 90, 91, 5], call)));
        request.Send(new RequestMessage.Cancel("enough"));
        Assert.Equal(RefusalCode.Ended, Refusal(request.Results("k2", "b2", [1, 2, 3, 90, 91, 5], call)));
    }

    [Fact]
    public void The_key_of_the_submit_is_not_free_for_results()
    {
        RequestUnderTest request = InToolWait("look");
        Assert.Equal(RefusalCode.KeyReused, Refusal(request.Results("k0", "b1", [1, 2, 3, 90, 91, 5], request.PendingIds[0])));
    }

    [Fact]
    public void The_first_end_wins()
    {
        _request.Submit();
        _request.Start();
        _request.Send(new RequestMessage.Cancel("first"));
        Assert.IsType<RequestReply.Done>(_request.Send(new RequestMessage.Cancel("second")));
        Assert.Equal(new RequestReply.Progress(WorkerOrder.Stop), _request.End(0, 1, 0, FinishReason.Stop));
        Assert.Equal("first", Assert.IsType<RequestEvent.RequestCancelled>(_request.History[^1]).Reason);
        Assert.Single(_request.History, e => e.IsTerminal());
    }

    [Fact]
    public void A_foreground_request_unread_for_a_minute_is_cancelled()
    {
        _request.Submit();
        _request.Send(new RequestMessage.CheckAttendance(TimeSpan.FromSeconds(59.9)));
        Assert.Equal(RequestPhase.Ready, _request.State.Phase);
        _request.Send(new RequestMessage.CheckAttendance(TimeSpan.FromSeconds(60)));
        Assert.Equal(RequestPhase.Cancelled, _request.State.Phase);
    }

    [Fact]
    public void Nobody_has_to_read_during_a_tool_wait_or_in_the_background()
    {
        RequestUnderTest waiting = InToolWait("look");
        waiting.Send(new RequestMessage.CheckAttendance(TimeSpan.FromMinutes(30)));
        Assert.Equal(RequestPhase.ToolWait, waiting.State.Phase);

        _request.Send(new RequestMessage.Submit(Tenant, new PoolId("p"), "", null, null, "k", "b", "[]", [1], Spec with { Foreground = false }));
        _request.Send(new RequestMessage.CheckAttendance(TimeSpan.FromHours(5)));
        Assert.Equal(RequestPhase.Ready, _request.State.Phase);
    }

    [Fact]
    public void A_tool_wait_asks_to_be_woken_and_fails_when_its_time_is_over()
    {
        RequestUnderTest request = InToolWait("look");
        RequestEffect.WakeAt wake = Assert.Single(request.Owed().OfType<RequestEffect.WakeAt>());
        Assert.Equal(request.State.PhaseSince + TimeSpan.FromHours(1), wake.At);
        request.Now += 3599;
        request.Send(new RequestMessage.Wake());
        Assert.Equal(RequestPhase.ToolWait, request.State.Phase);
        request.Now += 1;
        request.Send(new RequestMessage.Wake());
        Assert.Equal("tool_timeout", Assert.IsType<RequestEvent.RequestFailed>(request.History[^1]).Code);
        Assert.Empty(request.Owed().OfType<RequestEffect.WakeAt>());
        Assert.Empty(request.State.PendingCalls);
    }

    private static RefusalCode Refusal(RequestReply reply) => Assert.IsType<RequestReply.Refused>(reply).Code;
}
