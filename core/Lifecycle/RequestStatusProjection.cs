namespace Astraea.Core.Lifecycle;

/// <summary>The picture of an agent request that its scheduler gets: a pure function of the state, so it can be drawn and sent again at any time.</summary>
public static class RequestStatusProjection
{
    /// <summary>Draws the picture.</summary>
    /// <remarks>The version is that of the whole history: a picture drawn after more tokens is newer, though nobody had to be told.</remarks>
    public static RequestStatus ToStatus(this AgentRequestState state) => new(
        state.Id,
        state.Version,
        state.Pool,
        state.Tenant,
        state.Category,
        state.Phase,
        state.PhaseSince,
        state.SubmittedAt,
        state.Segment,
        state.Attempt,
        state.Phase == RequestPhase.Running ? state.Worker : null,
        state.Context.Count + state.Output.Count,
        state.Output.Count,
        state.Spec.MinOutputTokens,
        state.Spec.MaxOutputTokens,
        state.Waited,
        state.AttainedSeconds,
        state.Level,
        state.Outcomes.LastOrDefault(o => o.Tool is not null)?.Tool,
        state.Kv,
        state.Outcomes)
    {
        Parent = state.Parent,
    };
}
