using System.Collections.Immutable;
using Astraea.Core.Machines;
using RequestDecision = Astraea.Core.Machines.Decision<Astraea.Core.Lifecycle.RequestEvent, Astraea.Core.Lifecycle.RequestReply>;

namespace Astraea.Core.Lifecycle;

/// <summary>One agent request: from a user's input to the hand-back, through any number of segments and tool waits. It ends exactly once.</summary>
/// <remarks>
/// Every message may come twice, late or never. Clients are recognised by exchanges (key and body hash), workers by attempts: a higher attempt takes
/// the segment over and keeps its durable output; reports of any other are told to stop. The first terminal event wins every race.
/// This file answers clients and the shell; <c>AgentRequestMachine.Worker.cs</c> answers workers; <c>AgentRequestMachine.Apply.cs</c> folds events.
/// </remarks>
public sealed partial class AgentRequestMachine : IMachine<AgentRequestState, RequestMessage, RequestEvent, RequestReply, RequestEffect>
{
    private readonly AgentRequestOptions _options;

    /// <summary>A machine with the default limits.</summary>
    public AgentRequestMachine() : this(AgentRequestOptions.Default) { }

    /// <summary>A machine with limits of its own.</summary>
    public AgentRequestMachine(AgentRequestOptions options) => _options = options;

    /// <summary>The state before any event. The key is the printed request id.</summary>
    /// <exception cref="ArgumentException">The key is no request id.</exception>
    public AgentRequestState Initial(string key) => RequestId.TryParse(key, out RequestId id)
        ? new AgentRequestState(id)
        : throw new ArgumentException($"'{key}' is no request id.", nameof(key));

    /// <inheritdoc/>
    public RequestDecision Handle(AgentRequestState state, RequestMessage message, Instant now) => message switch
    {
        RequestMessage.Submit submit => Submit(state, submit, now),
        RequestMessage.PostToolResults results => PostToolResults(state, results, now),
        RequestMessage.Cancel cancel => Cancel(state, cancel.Reason, now),
        RequestMessage.StartSegment start => Start(state, start, now),
        RequestMessage.ReportTokens report => Report(state, report, now),
        RequestMessage.EndSegment end => End(state, end, now),
        RequestMessage.ReturnSegment back => Return(state, back, now),
        RequestMessage.FailSegment fail => Fail(state, fail, now),
        RequestMessage.MoveKv move => MoveKv(state, move, now),
        RequestMessage.CheckAttendance check => CheckAttendance(state, check.Unread, now),
        RequestMessage.Wake => Wake(state, now),
        _ => throw new ArgumentOutOfRangeException(nameof(message), message, "No such message."),
    };

    /// <inheritdoc/>
    public void Owed(AgentRequestState state, ICollection<RequestEffect> due)
    {
        if (state.SchedulerVersion > 0)
            due.Add(new RequestEffect.TellScheduler(state.Pool, state.SchedulerVersion));
        if (state.NextDue is { } at)
            due.Add(new RequestEffect.WakeAt(at));
    }

    private static RequestDecision Submit(AgentRequestState state, RequestMessage.Submit submit, Instant now)
    {
        if (state.Phase != RequestPhase.New)
        {
            // Ids of one tenant cannot be guessed from another, but an id that meets a foreign history must not open it.
            if (state.Tenant != submit.Tenant)
                return Refuse(RefusalCode.NotFound, "There is no such request.");
            Exchange first = state.Exchanges[0].Exchange;
            return first.IdempotencyKey == submit.IdempotencyKey && first.BodyHash == submit.BodyHash
                ? Reply(new RequestReply.Accepted(0, Joined: true))
                : Refuse(RefusalCode.KeyReused, "This key was used with another body.");
        }
        if (WhatIsWrong(submit.PromptTokens, submit.Spec) is { } wrong)
            return Refuse(RefusalCode.Invalid, wrong);
        return Decision.Commit<RequestEvent, RequestReply>(
            new RequestReply.Accepted(0, Joined: false),
            new RequestEvent.Submitted(
                submit.Tenant, submit.Pool, submit.Category, submit.Parent, submit.Session ?? state.Id,
                new Exchange(0, submit.IdempotencyKey, submit.BodyHash), submit.ConversationJson, submit.PromptTokens, submit.Spec, now));
    }

    private static RequestDecision PostToolResults(AgentRequestState state, RequestMessage.PostToolResults results, Instant now)
    {
        if (state.Phase == RequestPhase.New)
            return Refuse(RefusalCode.NotFound, "There is no such request.");
        if (results.CallIds.IsDefaultOrEmpty)
            return Refuse(RefusalCode.WrongCalls, "No call is answered.");
        if (FindExchange(state, results) is { } earlier)
            return earlier.BodyHash == results.BodyHash
                ? Reply(new RequestReply.Accepted(earlier.Ordinal, Joined: true))
                : Refuse(RefusalCode.KeyReused, "These results, or this key, came before with another body.");
        if (state.HasEnded)
            return Refuse(RefusalCode.Ended, "The request has ended.");
        if (state.Phase != RequestPhase.ToolWait)
            return Refuse(RefusalCode.Busy, "A segment is under way; no results are awaited.");
        if (!SameCalls(results.CallIds, [.. state.PendingCalls.Select(c => c.Id)]))
            return Refuse(RefusalCode.WrongCalls, $"Awaited are the results of {string.Join(", ", state.PendingCalls.Select(c => c.Id))}.");
        if (WhatIsWrong(results.ContextTokens, results.Spec) is { } wrong)
            return Refuse(RefusalCode.Invalid, wrong);
        int kept = KeptTokens(state, results.ContextTokens);
        int ordinal = state.Exchanges.Count;
        return Decision.Commit<RequestEvent, RequestReply>(
            new RequestReply.Accepted(ordinal, Joined: false),
            new RequestEvent.ToolResultsPosted(
                new Exchange(ordinal, results.IdempotencyKey, results.BodyHash), results.ConversationJson, kept,
                results.ContextTokens[kept..], results.Spec, now));
    }

    private static RequestDecision Cancel(AgentRequestState state, string reason, Instant now)
    {
        if (state.Phase == RequestPhase.New)
            return Refuse(RefusalCode.NotFound, "There is no such request.");
        return state.HasEnded ? Done : Decision.Commit<RequestEvent, RequestReply>(new RequestReply.Done(), new RequestEvent.RequestCancelled(reason, now));
    }

    private RequestDecision CheckAttendance(AgentRequestState state, TimeSpan unread, Instant now)
    {
        // A tool wait may be long and nobody reads then: it has a limit of its own.
        bool abandoned = state.Phase is RequestPhase.Ready or RequestPhase.Running && state.Spec.Foreground && unread >= _options.UnreadMax;
        return abandoned ? Cancel(state, "unread", now) : Done;
    }

    private RequestDecision Wake(AgentRequestState state, Instant now) => state.NextDue is { } due && now >= due
        ? Decision.Commit<RequestEvent, RequestReply>(
            new RequestReply.Done(),
            new RequestEvent.RequestFailed("tool_timeout", $"No tool results came within {_options.ToolWaitMax.TotalSeconds} s.", now))
        : Done;

    /// <summary>An exchange is known by its key; without one, by the calls it answered.</summary>
    private static Exchange? FindExchange(AgentRequestState state, RequestMessage.PostToolResults results)
    {
        foreach (AcceptedExchange known in state.Exchanges)
        {
            bool same = results.IdempotencyKey is { } key
                ? known.Exchange.IdempotencyKey == key
                : known.Exchange.IdempotencyKey is null && SameCalls(results.CallIds, known.CallIds);
            if (same)
                return known.Exchange;
        }
        return null;
    }

    private static bool SameCalls(ImmutableArray<string> answered, ImmutableArray<string> calls) =>
        answered.Length == calls.Length && answered.Order(StringComparer.Ordinal).SequenceEqual(calls.Order(StringComparer.Ordinal));

    private static int KeptTokens(AgentRequestState state, ImmutableArray<int> context)
    {
        int old = state.ContextIds.Count + state.OutputIds.Count;
        int kept = 0;
        while (kept < old && kept < context.Length && context[kept] == state.TokenAt(kept))
            kept++;
        return kept;
    }

    private static string? WhatIsWrong(ImmutableArray<int> tokens, SegmentSpec spec) =>
        tokens.IsDefaultOrEmpty ? "The context is empty."
        : spec.MaxOutputTokens < 1 ? "At least one output token must be allowed."
        : spec.MinOutputTokens < 0 || spec.MinOutputTokens > spec.MaxOutputTokens ? "The least output must lie between 0 and the most output."
        : null;

    private static readonly RequestDecision Done = Reply(new RequestReply.Done());

    private static RequestDecision Reply(RequestReply reply) => Decision.Answer<RequestEvent, RequestReply>(reply);

    private static RequestDecision Refuse(RefusalCode code, string message) => Reply(new RequestReply.Refused(code, message));
}
