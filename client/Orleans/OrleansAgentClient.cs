using Astraea.Client.Agents;
using Astraea.Contracts.FrontDoor;

namespace Astraea.Client.Orleans;

/// <summary>An agent service over Orleans: the front doors of a cluster.</summary>
internal sealed class OrleansAgentClient(FrontDoors doors) : IAgentClient
{
    /// <inheritdoc/>
    public async Task<IAgentRun> SubmitAsync(AgentTask task, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        string key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        FrontDoorCall.Submit submit = new(
            doors.ApiKey, key, FrontDoorRecords.Messages(task), task.PreviousResponseId, FrontDoorRecords.FirstSettings(task));
        FrontDoorReply.Accepted accepted = await doors.CallAsync<FrontDoorReply.Accepted>(key, (door, limited) => door.SubmitAsync(submit, limited), cancellation);
        return new OrleansAgentRun(doors, task, accepted.ResponseId);
    }

    /// <inheritdoc/>
    public async Task<IAgentRun> OpenAsync(string responseId, AgentTask task, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(responseId);
        ArgumentNullException.ThrowIfNull(task);
        // Reading the exchange is how a front door says whether there is one.
        FrontDoorCall.Read look = new(doors.ApiKey, responseId, -1, 1, TimeSpan.Zero);
        await doors.CallAsync<FrontDoorReply.Updates>(responseId, (door, limited) => door.ReadAsync(look, limited), cancellation);
        return new OrleansAgentRun(doors, task, responseId);
    }
}
