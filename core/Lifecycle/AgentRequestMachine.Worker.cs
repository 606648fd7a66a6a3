using System.Collections.Immutable;
using Astraea.Core.Machines;
using RequestDecision = Astraea.Core.Machines.Decision<Astraea.Core.Lifecycle.RequestEvent, Astraea.Core.Lifecycle.RequestReply>;

namespace Astraea.Core.Lifecycle;

public sealed partial class AgentRequestMachine
{
    private static readonly RequestDecision Stop = Reply(new RequestReply.Progress(WorkerOrder.Stop));

    private static RequestDecision Start(AgentRequestState state, RequestMessage.StartSegment start, Instant now)
    {
        if (state.Phase == RequestPhase.New)
            return Refuse(RefusalCode.NotFound, "There is no such request.");
        if (state.HasEnded)
            return Refuse(RefusalCode.Ended, "The request has ended.");
        if (state.Phase == RequestPhase.ToolWait || start.Segment != state.Segment)
            return Refuse(RefusalCode.Stale, "This segment is not the current one.");
        // The answer may have been lost: the same worker hears it again. Its output may have grown meanwhile by a report of its own.
        if (start.Attempt == state.Attempt && state.Phase == RequestPhase.Running && start.Worker == state.Worker)
            return Reply(new RequestReply.Started(Work(state)));
        if (start.Attempt <= state.Attempt)
            return Refuse(RefusalCode.Stale, "An attempt as new was started before.");
        return Decision.Commit<RequestEvent, RequestReply>(
            new RequestReply.Started(Work(state)),
            new RequestEvent.SegmentStarted(start.Segment, start.Attempt, start.Worker, start.Epoch, start.Level, start.WhyRanked, now));
    }

    private static RequestDecision Report(AgentRequestState state, RequestMessage.ReportTokens report, Instant now)
    {
        if (!IsCurrent(state, report.Segment, report.Attempt))
            return Stop;
        if (!TryTakeNew(state, report.Offset, report.Tokens, out ImmutableArray<int> tokens))
            return Refuse(RefusalCode.Stale, $"Output is known up to {state.OutputIds.Count} tokens.");
        RequestReply goOn = new RequestReply.Progress(WorkerOrder.Continue);
        return tokens.IsEmpty
            ? Reply(goOn)
            : Decision.Commit(goOn, (RequestEvent)new RequestEvent.TokensGenerated(state.Segment, state.Attempt, state.OutputIds.Count, tokens, now));
    }

    private static RequestDecision End(AgentRequestState state, RequestMessage.EndSegment end, Instant now)
    {
        if (state.EndedAttempt > 0 && end.Attempt == state.EndedAttempt)
            return Done;
        if (!IsCurrent(state, end.Segment, end.Attempt))
            return Stop;
        if (!TryTakeNew(state, end.Offset, end.Tokens, out ImmutableArray<int> tokens))
            return Refuse(RefusalCode.Stale, $"Output is known up to {state.OutputIds.Count} tokens.");
        ImmutableArray<RequestEvent>.Builder events = ImmutableArray.CreateBuilder<RequestEvent>(3);
        if (!tokens.IsEmpty)
            events.Add(new RequestEvent.TokensGenerated(state.Segment, state.Attempt, state.OutputIds.Count, tokens, now));
        ImmutableArray<ToolCall> calls = Name(state, end.Calls);
        events.Add(new RequestEvent.SegmentEnded(state.Segment, state.Attempt, end.Finish, calls, end.Usage, end.Kv, now));
        if (!AwaitsTools(end.Finish, calls))
            events.Add(new RequestEvent.RequestCompleted(now));
        return new RequestDecision(events.DrainToImmutable(), new RequestReply.Done());
    }

    private static RequestDecision Return(AgentRequestState state, RequestMessage.ReturnSegment back, Instant now)
    {
        if (state.Phase == RequestPhase.Ready && back.Segment == state.Segment && back.Attempt == state.Attempt && back.Attempt > state.EndedAttempt)
            return Done;
        return IsCurrent(state, back.Segment, back.Attempt)
            ? Decision.Commit<RequestEvent, RequestReply>(
                new RequestReply.Done(), new RequestEvent.SegmentReturned(back.Segment, back.Attempt, back.Reason, back.Usage, now))
            : Stop;
    }

    private static RequestDecision Fail(AgentRequestState state, RequestMessage.FailSegment fail, Instant now) =>
        IsCurrent(state, fail.Segment, fail.Attempt)
            ? Decision.Commit<RequestEvent, RequestReply>(new RequestReply.Done(), new RequestEvent.RequestFailed(fail.Code, fail.Message, now))
            : Stop;

    private static RequestDecision MoveKv(AgentRequestState state, RequestMessage.MoveKv move, Instant now)
    {
        // While it runs, the worker that runs it holds its KV and says so at the end; an old note must not hide that.
        bool matters = state.Phase is RequestPhase.Ready or RequestPhase.ToolWait && move.Kv != state.Kv;
        return matters ? Decision.Commit<RequestEvent, RequestReply>(new RequestReply.Done(), new RequestEvent.KvMoved(move.Kv, now)) : Done;
    }

    private static bool IsCurrent(AgentRequestState state, int segment, int attempt) =>
        state.Phase == RequestPhase.Running && state.Segment == segment && state.Attempt == attempt;

    private static bool AwaitsTools(FinishReason finish, ImmutableArray<ToolCall> calls) => finish == FinishReason.ToolCalls && !calls.IsEmpty;

    /// <summary>The tokens that are new; false when some before them are missing.</summary>
    private static bool TryTakeNew(AgentRequestState state, int offset, ImmutableArray<int> tokens, out ImmutableArray<int> fresh)
    {
        fresh = [];
        int known = state.OutputIds.Count;
        if (offset < 0 || offset > known)
            return false;
        if (!tokens.IsDefault && offset + tokens.Length > known)
            fresh = tokens[(known - offset)..];
        return true;
    }

    /// <summary>Calls get their ids here, so that the same output gives the same ids whoever reports it.</summary>
    private static ImmutableArray<ToolCall> Name(AgentRequestState state, ImmutableArray<ParsedCall> calls) =>
        calls.IsDefaultOrEmpty
            ? []
            : [.. calls.Select((call, i) => new ToolCall(new CallId(state.Id, state.CallCount + i).ToString(), call.Name, call.Arguments))];

    private static SegmentWork Work(AgentRequestState state) =>
        new(state.Tenant, state.Category, [.. state.ContextIds], [.. state.OutputIds], state.Spec, state.ComputedTokens);
}
