using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Astraea.Client.Wire;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents.Rest;

/// <summary>A run over the Responses surface: each exchange is a background response that goes on from the one before.</summary>
internal sealed class ResponsesRun(AstraeaClient client, AgentTask task, string id, string responseId) : IAgentRun
{
    public string Id { get; } = id;

    public string ResponseId { get; private set; } = responseId;

    public async IAsyncEnumerable<AgentUpdate> ReadAsync(long after = -1, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, -1);
        await foreach (ResponseEvent happened in client.ResumeResponseAsync(ResponseId, checked((int)after), cancellation))
        {
            if (AgentWire.Update(happened) is { } update)
                yield return update;
        }
    }

    public async Task PostToolResultsAsync(ImmutableArray<AgentToolResult> results, CancellationToken cancellation = default)
    {
        // The key names what is answered: results that are sent twice, by whomever, meet.
        Response next = await client.CreateResponseAsync(AgentWire.Next(task, ResponseId, results), $"{ResponseId}/results", cancellation);
        if (next.AgentRequest != Id)
        {
            // The run was past that exchange, and the gateway took the results for a fork of it.
            if (next.AgentRequest is { } fork)
                await client.CancelAgentRequestAsync(fork, cancellation);
            throw new AstraeaException($"The agent request {Id} went on, or ended, without these tool results.");
        }
        ResponseId = next.Id;
    }

    public Task<bool> CancelAsync(CancellationToken cancellation = default) => client.CancelAgentRequestAsync(Id, cancellation);

    public Task<AgentHistory> GetHistoryAsync(CancellationToken cancellation = default) => client.GetAgentHistoryAsync(Id, cancellation);

    public async Task<Receipt> GetReceiptAsync(CancellationToken cancellation = default) => (await client.GetAgentRequestAsync(Id, cancellation)).Receipt;
}
