using System.Collections.Concurrent;
using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
namespace Astraea.Grains.Local;

/// <summary>All agent requests of one process: a map of drivers. Live ones are always in memory; ended ones are put away and read from the store.</summary>
public sealed class LocalAgentRequests : IAgentRequests
{
    private readonly ConcurrentDictionary<RequestId, RequestActivation> _active = new();
    private readonly RequestActivator _activator;
    private volatile bool _stopped;

    /// <summary>Makes the map, empty.</summary>
    /// <param name="activator">Brings requests into memory.</param>
    public LocalAgentRequests(RequestActivator activator) => _activator = activator;

    /// <summary>Requests in memory.</summary>
    public int ActiveCount => _active.Count;

    /// <inheritdoc/>
    public IAgentRequest Get(RequestId id) => new LocalAgentRequest(id, this);

    /// <summary>Loads every live request, so that its scheduler hears of it and its timers run again.</summary>
    /// <returns>How many are live.</returns>
    /// <exception cref="AgentUnavailableException">Some history could not be read; recovery may be run again.</exception>
    public async Task<int> RecoverAsync(CancellationToken cancellation)
    {
        ImmutableArray<LiveRow> rows;
        try
        {
            rows = await _activator.Store.ReadLiveAsync(null, cancellation);
        }
        catch (HistoryUnavailableException fault)
        {
            throw new AgentUnavailableException("The live index cannot be read.", fault);
        }
        foreach (LiveRow[] part in rows.Chunk(_activator.Options.RecoverParallel))
            await Task.WhenAll(part.Select(row => LoadAsync(ParseKey(row.Key), cancellation)));
        if (rows.Length > 0)
            LocalLog.Recovered(_activator.Environment.Log, rows.Length);
        return rows.Length;
    }

    /// <summary>Checks attendance everywhere and puts away what has ended. The shell calls it every few seconds.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        List<Task> checks = [];
        foreach ((RequestId id, RequestActivation activation) in _active)
        {
            if (activation.TryPassivate(_activator.Options.PassivateAfter))
                _active.TryRemove(KeyValuePair.Create(id, activation));
            else
                checks.Add(activation.CheckAttendanceAsync(cancellation));
        }
        try
        {
            await Task.WhenAll(checks);
        }
        catch (AgentUnavailableException)
        {
            // The store is away; the next sweep asks again.
        }
    }

    /// <summary>Tells schedulers of every live request once more, because one has lost its memory.</summary>
    public void TellAgain()
    {
        foreach (RequestActivation activation in _active.Values)
            activation.TellAgain();
    }

    /// <summary>Stops every driver. What was acknowledged is durable; the rest its senders send again.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await Task.WhenAll(_active.Values.Select(a => a.StopAsync()));
        _active.Clear();
    }

    internal async Task<RequestReply> PostAsync(RequestId id, RequestMessage message, CancellationToken cancellation)
    {
        while (true)
        {
            RequestActivation activation = Activate(id);
            if (activation.TryPost(message, cancellation, out Task<RequestReply>? reply))
                return await reply;
            Forget(id, activation);
        }
    }

    internal async Task<HistoryPage> ReadAsync(RequestId id, long after, int max, TimeSpan wait, CancellationToken cancellation)
    {
        if (!_active.ContainsKey(id) && await _activator.TryReadEndedAsync(id, after, max, cancellation) is { } page)
            return page;
        while (true)
        {
            RequestActivation activation = Activate(id);
            if (await activation.TryReadAsync(after, max, wait, cancellation) is { } read)
                return read;
            Forget(id, activation);
        }
    }

    private async Task LoadAsync(RequestId id, CancellationToken cancellation)
    {
        while (true)
        {
            RequestActivation activation = Activate(id);
            if (activation.TryLoad(cancellation, out Task? loaded))
            {
                await loaded;
                return;
            }
            Forget(id, activation);
        }
    }

    private RequestActivation Activate(RequestId id)
    {
        if (_stopped)
            throw new AgentUnavailableException("This process is being stopped.");
        return _active.GetOrAdd(id, static (id, self) => self._activator.Activate(id), this);
    }

    /// <summary>A stopped activation may be met between its stop and its removal; whoever meets it removes it.</summary>
    private void Forget(RequestId id, RequestActivation stopped)
    {
        if (_stopped)
            throw new AgentUnavailableException("This process is being stopped.");
        _active.TryRemove(KeyValuePair.Create(id, stopped));
    }

    private static RequestId ParseKey(string key) =>
        RequestId.TryParse(key, out RequestId id) ? id : throw new FormatException($"The live index holds '{key}', which is no request id.");
}

/// <summary>One agent request, by id: each call finds its driver anew.</summary>
internal sealed class LocalAgentRequest(RequestId id, LocalAgentRequests requests) : IAgentRequest
{
    public Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation) => requests.PostAsync(id, message, cancellation);

    public Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation) =>
        requests.PostAsync(id, message, cancellation);

    public Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation) => requests.PostAsync(id, message, cancellation);

    public Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation) => requests.PostAsync(id, message, cancellation);

    public Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation) =>
        requests.ReadAsync(id, after, max, wait, cancellation);
}
