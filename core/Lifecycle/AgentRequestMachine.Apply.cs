using Astraea.Core.Prediction;

namespace Astraea.Core.Lifecycle;

public sealed partial class AgentRequestMachine
{
    /// <inheritdoc/>
    public void Apply(AgentRequestState state, RequestEvent happened)
    {
        state.Version++;
        switch (happened)
        {
            case RequestEvent.Submitted submitted:
                OnSubmitted(state, submitted);
                break;
            case RequestEvent.SegmentStarted started:
                Enter(state, RequestPhase.Running, started.At);
                state.Attempt = started.Attempt;
                state.Worker = started.Worker;
                state.Level = started.Level;
                state.WhyRanked = started.WhyRanked;
                break;
            case RequestEvent.TokensGenerated generated:
                state.OutputIds.AddRange(generated.Tokens);
                // KV of a token is computed by the step that reads it, so the newest one has none yet.
                state.ComputedTokens = Math.Max(state.ComputedTokens, state.ContextIds.Count + state.OutputIds.Count - 1);
                break;
            case RequestEvent.SegmentReturned returned:
                Enter(state, RequestPhase.Ready, returned.At);
                state.ReturnedSeconds += returned.Usage.DeviceSeconds;
                break;
            case RequestEvent.SegmentEnded ended:
                OnSegmentEnded(state, ended);
                break;
            case RequestEvent.ToolResultsPosted results:
                OnToolResults(state, results);
                break;
            case RequestEvent.KvMoved moved:
                state.Kv = moved.Kv;
                state.SchedulerVersion = state.Version;
                break;
            case RequestEvent.RequestCompleted:
                Enter(state, RequestPhase.Completed, happened.At);
                break;
            case RequestEvent.RequestFailed:
                Enter(state, RequestPhase.Failed, happened.At);
                break;
            case RequestEvent.RequestCancelled:
                Enter(state, RequestPhase.Cancelled, happened.At);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened), happened, "No such event.");
        }
    }

    private void OnSubmitted(AgentRequestState state, RequestEvent.Submitted submitted)
    {
        state.Tenant = submitted.Tenant;
        state.Pool = submitted.Pool;
        state.Category = submitted.Category;
        state.Parent = submitted.Parent;
        state.Session = submitted.Session;
        state.SubmittedAt = submitted.At;
        state.Spec = submitted.Spec;
        state.ContextIds.AddRange(submitted.PromptTokens);
        state.Exchanges.Add(new AcceptedExchange(submitted.Exchange, []));
        Enter(state, RequestPhase.Ready, submitted.At);
    }

    private void OnSegmentEnded(AgentRequestState state, RequestEvent.SegmentEnded ended)
    {
        bool toTools = AwaitsTools(ended.Finish, ended.Calls);
        double seconds = state.ReturnedSeconds + ended.Usage.DeviceSeconds;
        state.Outcomes = state.Outcomes.Add(new SegmentOutcome(
            Math.Max(0, ended.Usage.PromptTokens - ended.Usage.CachedTokens), state.OutputIds.Count, seconds,
            toTools ? ToolClass.Of(ended.Calls[0].Name, ended.Calls[0].Arguments) : null, ToolSeconds: null));
        state.AttainedSeconds += seconds;
        state.ReturnedSeconds = 0;
        state.CallCount += ended.Calls.Length;
        state.EndedAttempt = ended.Attempt;
        state.Kv = ended.Kv;
        if (toTools)
        {
            state.PendingCalls = ended.Calls;
            Enter(state, RequestPhase.ToolWait, ended.At);
        }
        // Without calls the terminal event is in the same commit: nobody sees the state between the two.
    }

    private void OnToolResults(AgentRequestState state, RequestEvent.ToolResultsPosted results)
    {
        double toolSeconds = Math.Max(0, (results.At - state.PhaseSince).TotalSeconds);
        state.Outcomes = state.Outcomes.SetItem(state.Outcomes.Length - 1, state.Outcomes[^1] with { ToolSeconds = toolSeconds });
        state.Exchanges.Add(new AcceptedExchange(results.Exchange, [.. state.PendingCalls.Select(c => c.Id)]));
        state.PendingCalls = [];
        state.ContextIds.AddRange(state.OutputIds);
        state.OutputIds.Clear();
        state.ContextIds.RemoveRange(results.KeptTokens, state.ContextIds.Count - results.KeptTokens);
        state.ContextIds.AddRange(results.AppendedTokens);
        state.ComputedTokens = Math.Min(state.ComputedTokens, results.KeptTokens);
        state.Spec = results.Spec;
        state.Segment++;
        Enter(state, RequestPhase.Ready, results.At);
    }

    /// <summary>Every change of phase passes here: waiting is counted, and the scheduler must hear of it.</summary>
    private void Enter(AgentRequestState state, RequestPhase phase, Instant at)
    {
        // The wall clock may be set back between two events; a wait is never negative.
        if (state.Phase == RequestPhase.Ready && at > state.PhaseSince)
            state.Waited += at - state.PhaseSince;
        if (phase.HasEnded())
            state.PendingCalls = [];
        state.Phase = phase;
        state.PhaseSince = at;
        state.NextDue = phase == RequestPhase.ToolWait ? at + _options.ToolWaitMax : null;
        state.SchedulerVersion = state.Version;
    }
}
