using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Local;

/// <summary>Histories in the memory of this process: for tests, and for a node that may forget. Passes the same contract tests as the others.</summary>
/// <param name="time">The store's clock; null takes the system's.</param>
public sealed class InMemoryHistoryStore(TimeProvider? time = null) : IHistoryStore, ISchedulerEpochs
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Entry>> _histories = [];
    private readonly SortedDictionary<string, Written> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<PoolId, long> _epochs = [];

    /// <inheritdoc/>
    public Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(Append(append));
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_histories.TryGetValue(key, out List<Entry>? history))
                return Task.FromResult(ImmutableArray<StoredEvent>.Empty);
            return Task.FromResult<ImmutableArray<StoredEvent>>(
                [.. history.Skip((int)after).Take(max).Select((e, i) => new StoredEvent(after + 1 + i, e.Data))]);
        }
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult<ImmutableArray<LiveRow>>([.. _live.Values.Select(w => w.Row).Where(row => pool is null || row.Pool == pool)]);
    }

    /// <inheritdoc/>
    public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // Rows get their time under the same lock, so the mark needs no margin.
        lock (_gate)
            return Task.FromResult(new LiveChanges([.. _live.Values.Where(w => w.Row.Pool == pool && w.At >= since).Select(w => w.Row)], _time.GetUtcNow()));
    }

    /// <inheritdoc/>
    public Task<long> TakeAsync(PoolId pool, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult(_epochs[pool] = _epochs.GetValueOrDefault(pool) + 1);
    }

    /// <inheritdoc/>
    public Task<long> CurrentAsync(PoolId pool, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult(_epochs.GetValueOrDefault(pool));
    }

    private AppendOutcome Append(HistoryAppend append)
    {
        lock (_gate)
        {
            if (!_histories.TryGetValue(append.Key, out List<Entry>? history))
                history = [];
            if (history.Count != append.ExpectedVersion)
                return IsRepeated(history, append) ? AppendOutcome.Committed : AppendOutcome.Conflict;
            // The bytes belong to the caller; what is stored must not change with them.
            foreach (ReadOnlyMemory<byte> data in append.Events)
                history.Add(new Entry(data.ToArray(), append.Writer));
            _histories[append.Key] = history;
            if (append.Live is { } row)
                _live[append.Key] = new Written(row with { Picture = row.Picture.ToArray() }, _time.GetUtcNow());
            else
                _live.Remove(append.Key);
            return AppendOutcome.Committed;
        }
    }

    /// <summary>The same writer's same events at the same place: an append whose answer was lost.</summary>
    private static bool IsRepeated(List<Entry> history, HistoryAppend append)
    {
        if (append.ExpectedVersion < 0 || append.Events.IsEmpty || history.Count < append.ExpectedVersion + append.Events.Length)
            return false;
        for (int i = 0; i < append.Events.Length; i++)
        {
            Entry stored = history[(int)append.ExpectedVersion + i];
            if (stored.Writer != append.Writer || !stored.Data.AsSpan().SequenceEqual(append.Events[i].Span))
                return false;
        }
        return true;
    }

    private sealed record Entry(byte[] Data, Guid Writer);

    private sealed record Written(LiveRow Row, DateTimeOffset At);
}
