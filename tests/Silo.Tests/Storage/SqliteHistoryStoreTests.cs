using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage;
using static Astraea.Silo.Tests.Storage.StoreFolder;

namespace Astraea.Silo.Tests.Storage;

public sealed class SqliteHistoryStoreTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly Guid _writer = Guid.NewGuid();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Events_and_live_rows_are_there_after_the_file_is_opened_again()
    {
        LiveRow row = Live("a", 3) with { Phase = RequestPhase.ToolWait, ReadySince = null, NextDue = new Instant(123) };
        using (SqliteHistoryStore store = _folder.Open())
        {
            await store.AppendAsync(Append("a", 0, _writer, "one", "two"), CancellationToken.None);
            await store.AppendAsync(new HistoryAppend("a", 2, _writer, [Data("three")], row), CancellationToken.None);
            await store.AppendAsync(Append("b", 0, _writer, "other"), CancellationToken.None);
        }
        using SqliteHistoryStore again = _folder.Open();
        Assert.Equal(["one", "two", "three"], await ReadAllAsync(again, "a"));
        ImmutableArray<StoredEvent> rest = await again.ReadAsync("a", 1, 1, CancellationToken.None);
        Assert.Equal((2, "two"), (Assert.Single(rest).Version, Text(rest[0])));
        Assert.Equal<IEnumerable<LiveRow>>([row, Live("b", 1)], await again.ReadLiveAsync(null, CancellationToken.None));
    }

    [Fact]
    public async Task Live_rows_are_read_by_pool_and_go_when_the_request_ends()
    {
        using SqliteHistoryStore store = _folder.Open();
        foreach (string pool in (string[])["small", "large"])
            await store.AppendAsync(new HistoryAppend(pool, 0, _writer, [Data("e")], Live(pool, 1, pool)), CancellationToken.None);
        Assert.Equal("large", Assert.Single(await store.ReadLiveAsync(new PoolId("large"), CancellationToken.None)).Key);
        await store.AppendAsync(new HistoryAppend("large", 1, _writer, [Data("end")], null), CancellationToken.None);
        Assert.Equal("small", Assert.Single(await store.ReadLiveAsync(null, CancellationToken.None)).Key);
        Assert.Equal(["e", "end"], await ReadAllAsync(store, "large"));
    }

    [Fact]
    public async Task A_stale_writer_is_refused_and_changes_nothing()
    {
        using SqliteHistoryStore store = _folder.Open();
        await store.AppendAsync(Append("a", 0, _writer, "one"), CancellationToken.None);
        foreach (long expected in (long[])[0, 2])
        {
            HistoryAppend stale = new("a", expected, Guid.NewGuid(), [Data("x")], null);
            Assert.Equal(AppendOutcome.Conflict, await store.AppendAsync(stale, CancellationToken.None));
        }
        Assert.Equal(["one"], await ReadAllAsync(store, "a"));
        Assert.Equal(Live("a", 1), Assert.Single(await store.ReadLiveAsync(null, CancellationToken.None)));
    }

    [Fact]
    public async Task Repeating_an_append_whose_answer_was_lost_is_a_success_and_writes_nothing()
    {
        using SqliteHistoryStore store = _folder.Open();
        HistoryAppend append = Append("a", 0, _writer, "one", "two");
        await store.AppendAsync(append, CancellationToken.None);
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(append, CancellationToken.None));
        Assert.Equal(AppendOutcome.Conflict, await store.AppendAsync(append with { Writer = Guid.NewGuid() }, CancellationToken.None));
        Assert.Equal(AppendOutcome.Conflict, await store.AppendAsync(append with { Events = [Data("one"), Data("2")] }, CancellationToken.None));
        Assert.Equal(AppendOutcome.Conflict, await store.AppendAsync(append with { Events = [.. append.Events, Data("3")] }, CancellationToken.None));
        Assert.Equal(["one", "two"], await ReadAllAsync(store, "a"));
    }

    [Fact]
    public async Task Of_two_writers_at_one_version_exactly_one_wins()
    {
        using SqliteHistoryStore store = _folder.Open();
        for (int version = 0; version < 50; version++)
        {
            AppendOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
                store.AppendAsync(Append("a", version, Guid.NewGuid(), $"{version} by {i}"), CancellationToken.None)));
            Assert.Single(outcomes, AppendOutcome.Committed);
        }
        Assert.Equal(50, (await ReadAllAsync(store, "a")).Length);
    }

    [Fact]
    public async Task Appends_under_load_share_commits_and_a_conflict_among_them_spoils_none()
    {
        using SqliteHistoryStore store = _folder.Open();
        await store.AppendAsync(Append("taken", 0, _writer, "first"), CancellationToken.None);
        AppendOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 900).Select(i => store.AppendAsync(
            i % 3 == 0 ? Append("taken", 0, Guid.NewGuid(), "late") : Append($"history-{i}", 0, _writer, "event"), CancellationToken.None)));
        for (int i = 0; i < outcomes.Length; i++)
            Assert.Equal(i % 3 == 0 ? AppendOutcome.Conflict : AppendOutcome.Committed, outcomes[i]);
        Assert.Equal(901, store.Appends);
        Assert.True(store.Commits < 301, $"{store.Commits} commits for 901 appends");
        Assert.Equal(601, (await store.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task Appends_of_one_history_that_follow_each_other_may_share_a_commit()
    {
        using SqliteHistoryStore store = _folder.Open();
        AppendOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            store.AppendAsync(Append("a", i, _writer, $"{i}"), CancellationToken.None)));
        Assert.All(outcomes, outcome => Assert.Equal(AppendOutcome.Committed, outcome));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), await ReadAllAsync(store, "a"));
    }

    [Fact]
    public async Task Closing_commits_what_waits()
    {
        Task<AppendOutcome>[] appends;
        using (SqliteHistoryStore store = _folder.Open())
            appends = [.. Enumerable.Range(0, 500).Select(i => store.AppendAsync(Append($"history-{i}", 0, _writer, "event"), CancellationToken.None))];
        Assert.All(await Task.WhenAll(appends), outcome => Assert.Equal(AppendOutcome.Committed, outcome));
        Assert.False(File.Exists(_folder.Database + "-wal"), "the log is folded into the file");
        using SqliteHistoryStore again = _folder.Open();
        Assert.Equal(500, (await again.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        SqliteHistoryStore store = _folder.Open();
        store.Dispose();
        store.Dispose();
        HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() =>
            store.AppendAsync(Append("a", 0, _writer, "one"), CancellationToken.None));
        Assert.Contains(_folder.Database, e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ReadAsync("a", 0, 1, CancellationToken.None));
    }

    [Fact]
    public async Task A_cancelled_append_is_not_written()
    {
        using SqliteHistoryStore store = _folder.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.AppendAsync(Append("a", 0, _writer, "one"), new CancellationToken(true)));
        Assert.Empty(await ReadAllAsync(store, "a"));
    }

    [Fact]
    public async Task Large_events_and_odd_keys_come_back_as_they_were()
    {
        byte[] large = new byte[3_000_000];
        new Random(5).NextBytes(large);
        const string Key = "a'b\"c\u0001🙂";
        using SqliteHistoryStore store = _folder.Open();
        await store.AppendAsync(new HistoryAppend(Key, 0, _writer, [large.AsMemory(1), ReadOnlyMemory<byte>.Empty], null), CancellationToken.None);
        ImmutableArray<StoredEvent> events = await store.ReadAsync(Key, 0, 10, CancellationToken.None);
        Assert.True(events[0].Data.Span.SequenceEqual(large.AsSpan(1)));
        Assert.True(events[1].Data.IsEmpty);
    }

    [Fact]
    public async Task A_live_row_of_another_history_is_a_mistake_of_the_caller()
    {
        using SqliteHistoryStore store = _folder.Open();
        await Assert.ThrowsAsync<ArgumentException>(() =>
            store.AppendAsync(new HistoryAppend("a", 0, _writer, [Data("e")], Live("b", 1)), CancellationToken.None));
    }
}
