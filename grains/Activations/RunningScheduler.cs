using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Activations;

/// <summary>A scheduler that follows the live index of its pool.</summary>
public sealed class RunningScheduler
{
    private readonly PoolId _pool;
    private readonly long _epoch;
    private readonly IHistoryStore _store;
    private readonly ISchedulerEpochs _epochs;
    private readonly IAgentRequests _requests;
    private readonly DriverEnvironment _environment;
    // What waits for a moment, by request. A row that changes its mind replaces its entry; one that has ended is woken in vain, once.
    private readonly Dictionary<string, Instant> _due = [];
    private DateTimeOffset _mark = DateTimeOffset.MinValue;
    private volatile bool _forgot;

    internal RunningScheduler(
        PoolId pool, long epoch, SchedulerActivation activation, IHistoryStore store, ISchedulerEpochs epochs, IAgentRequests requests,
        DriverEnvironment environment)
    {
        _pool = pool;
        _epoch = epoch;
        _store = store;
        _epochs = epochs;
        _requests = requests;
        _environment = environment;
        Activation = activation;
        activation.Forgot += () => _forgot = true;
    }

    /// <summary>The scheduler.</summary>
    public SchedulerActivation Activation { get; }

    /// <summary>
    /// Lets time pass for the scheduler, tells it what changed in the store without it, and wakes requests that are due though no process holds them.
    /// </summary>
    /// <returns>False when a newer scheduler of the pool has begun: this one must end.</returns>
    public async Task<bool> SweepAsync(CancellationToken cancellation)
    {
        try
        {
            if (await _epochs.CurrentAsync(_pool, cancellation) != _epoch)
                return false;
            await Activation.SweepAsync(cancellation);
            await ReadAsync(cancellation);
        }
        catch (Exception fault) when (fault is HistoryUnavailableException or AgentUnavailableException)
        {
            ActivationLog.SweepFailed(_environment.Log, _pool, fault);
        }
        return true;
    }

    /// <summary>Tells the scheduler of all rows written since the last time.</summary>
    /// <returns>How many.</returns>
    internal async Task<int> ReadAsync(CancellationToken cancellation)
    {
        if (_forgot)
            (_forgot, _mark) = (false, DateTimeOffset.MinValue);
        LiveChanges changes = await _store.ReadChangedAsync(_pool, _mark, cancellation);
        await Activation.RecoverAsync(changes.Rows.Select(row => RequestStatusCodec.Decode(row.Picture.Span)), cancellation);
        _mark = changes.Mark;
        Track(changes.Rows);
        WakeWhatIsDue();
        return changes.Rows.Length;
    }

    private void Track(ImmutableArray<LiveRow> rows)
    {
        foreach (LiveRow row in rows)
        {
            if (row.NextDue is { } at)
                _due[row.Key] = at;
            else
                _due.Remove(row.Key);
        }
    }

    private void WakeWhatIsDue()
    {
        Instant now = Instant.From(_environment.Time.GetUtcNow());
        foreach (string key in _due.Where(d => d.Value <= now).Select(d => d.Key).ToArray())
        {
            _due.Remove(key);
            if (RequestId.TryParse(key, out RequestId id))
                _ = WakeAsync(id, key);
        }
    }

    private async Task WakeAsync(RequestId id, string key)
    {
        try
        {
            await _requests.Get(id).TellAsync(new RequestMessage.Wake(), CancellationToken.None);
        }
        catch (AgentUnavailableException fault)
        {
            // The next sweep tries again.
            _due.TryAdd(key, Instant.From(_environment.Time.GetUtcNow()));
            ActivationLog.NotWoken(_environment.Log, id, fault);
        }
    }
}
