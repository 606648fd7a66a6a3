using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents;

/// <summary>One agent request, seen by its client: read what the model says, answer its tool calls, until it ends.</summary>
/// <remarks>
/// A run is a row of exchanges: the task is the first, each set of tool results begins the next. One caller at a time brings results; reading may go on in
/// parallel, by several readers.
/// </remarks>
public interface IAgentRun
{
    /// <summary>The agent request: the same for the whole run (22 letters and digits).</summary>
    string Id { get; }

    /// <summary>The current exchange: <c>resp_</c>, the request, and the ordinal of the exchange. What another process needs to open the run.</summary>
    string ResponseId { get; }

    /// <summary>
    /// Reads the current exchange, live or long after its end; the last update is an <see cref="AgentUpdate.Finished"/>. Outlives the loss of the node it
    /// reads from: it goes on at another one, without gap or duplicate.
    /// </summary>
    /// <param name="after">Leaves out updates up to this <see cref="AgentUpdate.Position"/>; −1 reads from the start.</param>
    /// <param name="cancellation">Ends the reading, not the run.</param>
    /// <exception cref="AstraeaException">The service could not be reached in time.</exception>
    IAsyncEnumerable<AgentUpdate> ReadAsync(long after = -1, CancellationToken cancellation = default);

    /// <summary>Brings the results of all calls of the exchange that finished; the next exchange begins, and is the current one from then on.</summary>
    /// <remarks>Sent again with the same results, it finds the exchange that is there.</remarks>
    /// <exception cref="AstraeaException">The results do not answer the pending calls, the run has ended, or the service could not be reached in time.</exception>
    Task PostToolResultsAsync(ImmutableArray<AgentToolResult> results, CancellationToken cancellation = default);

    /// <summary>Ends the run unless it has ended.</summary>
    /// <returns>True when it is cancelled now; false when it had completed or failed before.</returns>
    /// <exception cref="AstraeaException">The service could not be reached in time.</exception>
    Task<bool> CancelAsync(CancellationToken cancellation = default);

    /// <summary>What happened to the run so far, without texts and token ids.</summary>
    /// <exception cref="AstraeaException">The service could not be reached in time.</exception>
    Task<AgentHistory> GetHistoryAsync(CancellationToken cancellation = default);

    /// <summary>What the run has cost so far.</summary>
    /// <exception cref="AstraeaException">The service could not be reached in time.</exception>
    Task<Receipt> GetReceiptAsync(CancellationToken cancellation = default);
}
