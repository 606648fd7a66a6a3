using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Astraea.Client.Agents;
using Astraea.Contracts;
using Astraea.Contracts.FrontDoor;
using Astraea.Contracts.History;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Orleans;

/// <summary>A run behind the front doors of a cluster. It holds names and a cursor only; everything else is in the history.</summary>
internal sealed class OrleansAgentRun : IAgentRun
{
    private const int UpdatesPerRead = 1024;
    private const string ResponsePrefix = "resp_";

    private readonly FrontDoors _doors;
    private readonly AgentTask _task;
    private readonly RequestId _id;
    private (string Exchange, ImmutableArray<AgentToolResult> Results) _answered = ("", []);
    private volatile string _exchange;

    public OrleansAgentRun(FrontDoors doors, AgentTask task, string responseId)
    {
        _doors = doors;
        _task = task;
        _exchange = responseId;
        if (!RequestId.TryParse(responseId.AsSpan(ResponsePrefix.Length, RequestId.TextLength), out _id))
            throw new AstraeaException($"The front door named an exchange '{responseId}'.");
        Id = _id.ToString();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public string ResponseId => _exchange;

    /// <inheritdoc/>
    public async IAsyncEnumerable<AgentUpdate> ReadAsync(long after = -1, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, -1);
        string exchange = _exchange;
        while (true)
        {
            FrontDoorCall.Read read = new(_doors.ApiKey, exchange, after, UpdatesPerRead, _doors.ReadWait);
            FrontDoorReply.Updates updates = await _doors.CallAsync<FrontDoorReply.Updates>(Id, (door, limited) => door.ReadAsync(read, limited), cancellation, _doors.ReadWait);
            foreach (FrontDoorUpdate update in updates.Items)
            {
                after = update.Position;
                yield return FrontDoorRecords.Update(update);
            }
            if (updates.AreLast)
                yield break;
        }
    }

    /// <inheritdoc/>
    public async Task PostToolResultsAsync(ImmutableArray<AgentToolResult> results, CancellationToken cancellation = default)
    {
        results = results.IsDefault ? [] : results;
        // Results that were posted before stand behind the exchange that called for them, not behind the one they began.
        string exchange = _answered.Results.SequenceEqual(results) && !results.IsEmpty ? _answered.Exchange : _exchange;
        FrontDoorCall.PostToolResults post = new(
            _doors.ApiKey, exchange, [.. results.Select(r => new FrontDoorToolResult(r.CallId, r.Output))], FrontDoorRecords.LaterSettings(_task));
        FrontDoorReply.Accepted accepted =
            await _doors.CallAsync<FrontDoorReply.Accepted>(Id, (door, limited) => door.PostToolResultsAsync(post, limited), cancellation);
        _answered = (exchange, results);
        _exchange = accepted.ResponseId;
    }

    /// <inheritdoc/>
    public async Task<bool> CancelAsync(CancellationToken cancellation = default)
    {
        FrontDoorCall.Cancel cancel = new(_doors.ApiKey, _id);
        return (await _doors.CallAsync<FrontDoorReply.Ended>(Id, (door, limited) => door.CancelAsync(cancel, limited), cancellation)).Phase == RequestPhase.Cancelled;
    }

    /// <inheritdoc/>
    public async Task<AgentHistory> GetHistoryAsync(CancellationToken cancellation = default)
    {
        (List<RecordedEvent> events, RequestPhase phase) = await LoadAsync(cancellation);
        return new AgentHistory(Id, phase, [.. events.Select(AgentEvent.Of)]);
    }

    /// <inheritdoc/>
    public async Task<Receipt> GetReceiptAsync(CancellationToken cancellation = default) =>
        Receipt.Of((await LoadAsync(cancellation)).Events.Select(e => e.Event));

    private async Task<(List<RecordedEvent> Events, RequestPhase Phase)> LoadAsync(CancellationToken cancellation)
    {
        List<RecordedEvent> events = [];
        while (true)
        {
            FrontDoorCall.ReadHistory read = new(_doors.ApiKey, _id, events.Count == 0 ? 0 : events[^1].Version);
            HistoryPage page =
                (await _doors.CallAsync<FrontDoorReply.History>(Id, (door, limited) => door.ReadHistoryAsync(read, limited), cancellation)).Page;
            events.AddRange(page.Events);
            if (page.Events.IsEmpty || events[^1].Version >= page.Version)
                return (events, page.Phase);
        }
    }
}
