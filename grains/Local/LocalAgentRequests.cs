using System.Collections.Concurrent;
using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using RequestMachine = Astraea.Core.Machines.IMachine<
    Astraea.Core.Lifecycle.AgentRequestState, Astraea.Core.Lifecycle.RequestMessage, Astraea.Core.Lifecycle.RequestEvent,
    Astraea.Core.Lifecycle.RequestReply, Astraea.Core.Lifecycle.RequestEffect>;

namespace Astraea.Grains.Local;

/// <summary>All agent requests of one process: a map of drivers. Live ones are always in memory; ended ones are put away and read from the store.</summary>
public sealed class LocalAgentRequests : IAgentRequests
{
    private readonly ConcurrentDictionary<RequestId, RequestActivation> _active = new();
    private readonly IHistoryStore _store;
    private readonly RequestMachine _machine;
    private readonly RequestEffectRunner _effects;
    private readonly LocalShellOptions _options;
    private readonly DriverEnvironment _environment;
    private readonly RequestEventCodec _codec = new();
    private volatile bool _stopped;

    /// <summary>Makes the map, empty.</summary>
    /// <param name="store">Where histories live.</param>
    /// <param name="machine">The machine of every request.</param>
    /// <param name="schedulers">The scheduler of a pool; null when this process does not know it.</param>
    /// <param name="options">Times and bounds.</param>
    /// <param name="environment">Clock, writer ids and log.</param>
    public LocalAgentRequests(
        IHistoryStore store, RequestMachine machine, Func<PoolId, IClusterScheduler?> schedulers, LocalShellOptions options, DriverEnvironment environment)
    {
        _store = store;
        _machine = machine;
        _effects = new RequestEffectRunner(schedulers, environment);
        _options = options;
        _environment = environment;
    }

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
            rows = await _store.ReadLiveAsync(null, cancellation);
        }
        catch (HistoryUnavailableException fault)
        {
            throw new AgentUnavailableException("The live index cannot be read.", fault);
        }
        foreach (LiveRow[] part in rows.Chunk(_options.RecoverParallel))
            await Task.WhenAll(part.Select(row => LoadAsync(ParseKey(row.Key), cancellation)));
        if (rows.Length > 0)
            LocalLog.Recovered(_environment.Log, rows.Length);
        return rows.Length;
    }

    /// <summary>Checks attendance everywhere and puts away what has ended. The shell calls it every few seconds.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        List<Task> checks = [];
        foreach ((RequestId id, RequestActivation activation) in _active)
        {
            if (activation.TryPassivate(_options.PassivateAfter))
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
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        try
        {
            if (!_active.ContainsKey(id) && await StoredHistory.TryReadEndedAsync(_store, _codec, id.ToString(), after, max, cancellation) is { } page)
                return page;
            while (true)
            {
                RequestActivation activation = Activate(id);
                if (await activation.TryReadAsync(after, max, wait, cancellation) is { } read)
                    return read;
                Forget(id, activation);
            }
        }
        catch (Exception fault) when (fault is HistoryUnavailableException or FormatException)
        {
            throw new AgentUnavailableException($"The history of {id} cannot be read.", fault);
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
        return _active.GetOrAdd(id, static (id, self) => self.Create(id), this);
    }

    /// <summary>A stopped activation may be met between its stop and its removal; whoever meets it removes it.</summary>
    private void Forget(RequestId id, RequestActivation stopped)
    {
        if (_stopped)
            throw new AgentUnavailableException("This process is being stopped.");
        _active.TryRemove(KeyValuePair.Create(id, stopped));
    }

    private RequestActivation Create(RequestId id)
    {
        StoredEventLog<AgentRequestState, RequestEvent> log = new(id.ToString(), _store, _codec, Row);
        return new RequestActivation(id, _machine, log, _effects, _options, _environment);
    }

    private static LiveRow? Row(AgentRequestState state) => state.HasEnded
        ? null
        : new LiveRow(
            state.Id.ToString(), state.Pool, state.Tenant, state.Version, state.Phase, state.AttainedSeconds, state.Waited,
            state.Phase == RequestPhase.Ready ? state.PhaseSince : null, state.NextDue);

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
