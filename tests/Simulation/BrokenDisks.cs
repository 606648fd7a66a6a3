using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;

namespace Astraea.Simulation.Tests;

/// <summary>A disk that appends whatever comes: without the fence, the dead and the living write over each other.</summary>
internal sealed class UnfencedDisk : IHistoryStore
{
    private readonly InMemoryHistoryStore _inner = new();

    public async Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation)
    {
        int length = (await _inner.ReadAsync(append.Key, 0, int.MaxValue, cancellation)).Length;
        return await _inner.AppendAsync(append with { ExpectedVersion = length }, cancellation);
    }

    public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation) =>
        _inner.ReadAsync(key, after, max, cancellation);

    public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation) => _inner.ReadLiveAsync(pool, cancellation);

    public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation) =>
        _inner.ReadChangedAsync(pool, since, cancellation);
}

/// <summary>A disk that says yes to every twentieth append and writes nothing.</summary>
internal sealed class ForgetfulDisk : IHistoryStore
{
    private readonly InMemoryHistoryStore _inner = new();
    private int _appends;

    public Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation) =>
        ++_appends % 20 == 0 ? Task.FromResult(AppendOutcome.Committed) : _inner.AppendAsync(append, cancellation);

    public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation) =>
        _inner.ReadAsync(key, after, max, cancellation);

    public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation) => _inner.ReadLiveAsync(pool, cancellation);

    public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation) =>
        _inner.ReadChangedAsync(pool, since, cancellation);
}
