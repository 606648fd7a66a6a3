using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents;

/// <summary>The loop every agent program has: read, run the tools that were called, post their results, until the run ends.</summary>
public static class AgentLoop
{
    /// <summary>Runs a task to its end.</summary>
    /// <param name="client">Where it runs.</param>
    /// <param name="task">What is asked.</param>
    /// <param name="callTool">Runs one call and returns its output; calls of one exchange run side by side. An exception ends the loop, not the run.</param>
    /// <param name="show">Sees every update as it comes; null shows nothing.</param>
    /// <param name="cancellation">Leaves the loop, not the run.</param>
    /// <returns>The end of the last exchange.</returns>
    /// <exception cref="AstraeaException">Refused, or the service could not be reached in time.</exception>
    public static async Task<AgentUpdate.Finished> RunAsync(
        this IAgentClient client, AgentTask task, Func<ToolCall, CancellationToken, Task<string>> callTool, Action<AgentUpdate>? show = null,
        CancellationToken cancellation = default)
    {
        IAgentRun run = await client.SubmitAsync(task, cancellation: cancellation);
        while (true)
        {
            AgentUpdate.Finished finished = await run.FinishAsync(show, cancellation);
            if (finished.Outcome != AgentOutcome.CalledTools)
                return finished;
            AgentToolResult[] results = await Task.WhenAll(finished.Calls.Select(
                async call => new AgentToolResult(call.Id, await callTool(call, cancellation))));
            await run.PostToolResultsAsync([.. results], cancellation);
        }
    }

    /// <summary>Reads the current exchange to its end.</summary>
    /// <exception cref="AstraeaException">The service could not be reached in time.</exception>
    public static async Task<AgentUpdate.Finished> FinishAsync(this IAgentRun run, Action<AgentUpdate>? show = null, CancellationToken cancellation = default)
    {
        await foreach (AgentUpdate update in run.ReadAsync(cancellation: cancellation))
        {
            show?.Invoke(update);
            if (update is AgentUpdate.Finished finished)
                return finished;
        }
        throw new AstraeaException($"Reading {run.ResponseId} ended before the exchange did.");
    }
}
