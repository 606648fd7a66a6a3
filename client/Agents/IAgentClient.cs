namespace Astraea.Client.Agents;

/// <summary>An agent service, over whatever transport: hands tasks in, and finds the runs that came of them. Thread-safe.</summary>
/// <remarks>
/// A run belongs to the service, not to this process: it is durable before <see cref="SubmitAsync"/> returns and goes on until it ends or is cancelled,
/// whether anybody reads it or not. All failures are <see cref="AstraeaException"/>.
/// </remarks>
public interface IAgentClient
{
    /// <summary>Begins an agent request.</summary>
    /// <param name="task">What is asked.</param>
    /// <param name="idempotencyKey">Names the run: the same key with the same task finds the run that is there. Null mints one, which covers repeats inside this call only.</param>
    /// <param name="cancellation">Gives up waiting; whether the run began is then unknown, and the same key finds out.</param>
    /// <returns>The run, at its first exchange.</returns>
    /// <exception cref="AstraeaException">Refused, or the service could not be reached in time.</exception>
    Task<IAgentRun> SubmitAsync(AgentTask task, string? idempotencyKey = null, CancellationToken cancellation = default);

    /// <summary>Finds a run that began earlier, perhaps in another process.</summary>
    /// <param name="responseId">An exchange of it: <see cref="IAgentRun.ResponseId"/> as it was.</param>
    /// <param name="task">What the run was begun with; its tools and settings hold for the exchanges still to come.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The run, at that exchange.</returns>
    /// <exception cref="AstraeaException">There is none of that id, or the service could not be reached in time.</exception>
    Task<IAgentRun> OpenAsync(string responseId, AgentTask task, CancellationToken cancellation = default);
}
