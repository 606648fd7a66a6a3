using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage.Postgres;
using Npgsql;
using static Astraea.Silo.Tests.Storage.Postgres.PostgresFixture;
using static Astraea.Silo.Tests.Storage.StoreFolder;

namespace Astraea.Silo.Tests.Storage.Postgres;

[Collection(PostgresTests.Name)]
public sealed class PostgresStoreTests(PostgresFixture postgres)
{
    private readonly Guid _writer = Guid.NewGuid();

    [PostgresFact]
    public async Task Of_two_processes_that_append_at_one_version_exactly_one_wins()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore one = await OpenAsync(database);
        await using PostgresHistoryStore other = await OpenAsync(database);
        for (int version = 0; version < 100; version++)
        {
            Task<AppendOutcome> first = one.AppendAsync(Append("a", version, Guid.NewGuid(), $"{version} by one"), CancellationToken.None);
            Task<AppendOutcome> second = other.AppendAsync(Append("a", version, Guid.NewGuid(), $"{version} by other"), CancellationToken.None);
            Assert.Equal([AppendOutcome.Committed, AppendOutcome.Conflict], (await Task.WhenAll(first, second)).Order());
            string winner = await first == AppendOutcome.Committed ? "one" : "other";
            Assert.Equal($"{version} by {winner}", (await ReadAllAsync(one, "a"))[^1]);
        }
        Assert.Equal(100, (await ReadAllAsync(other, "a")).Length);
    }

    [PostgresFact]
    public async Task Processes_that_append_to_the_same_histories_in_different_orders_do_not_block_each_other_for_ever()
    {
        const int Histories = 64;
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore one = await OpenAsync(database);
        await using PostgresHistoryStore other = await OpenAsync(database);
        for (int version = 0; version < 20; version++)
        {
            int at = version;
            Task<AppendOutcome>[] up = [.. Enumerable.Range(0, Histories).Select(i => Race(one, i))];
            Task<AppendOutcome>[] down = [.. Enumerable.Range(0, Histories).Reverse().Select(i => Race(other, i))];
            AppendOutcome[] ups = await Task.WhenAll(up);
            AppendOutcome[] downs = [.. (await Task.WhenAll(down)).Reverse()];
            Assert.All(ups.Zip(downs), pair => Assert.NotEqual(pair.First, pair.Second));

            Task<AppendOutcome> Race(PostgresHistoryStore store, int i) =>
                store.AppendAsync(Append($"history-{i:000}", at, Guid.NewGuid(), "event"), CancellationToken.None);
        }
    }

    [PostgresFact]
    public async Task Appends_under_load_share_commits_and_a_conflict_among_them_spoils_none()
    {
        await using PostgresHistoryStore store = await OpenAsync(await postgres.NewDatabaseAsync());
        await store.AppendAsync(Append("taken", 0, _writer, "first"), CancellationToken.None);
        AppendOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 900).Select(i => store.AppendAsync(
            i % 3 == 0 ? Append("taken", 0, Guid.NewGuid(), "late") : Append($"history-{i}", 0, _writer, "event"), CancellationToken.None)));
        for (int i = 0; i < outcomes.Length; i++)
            Assert.Equal(i % 3 == 0 ? AppendOutcome.Conflict : AppendOutcome.Committed, outcomes[i]);
        Assert.Equal(901, store.Appends);
        Assert.True(store.Commits < 301, $"{store.Commits} commits for 901 appends");
        Assert.Equal(601, (await store.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [PostgresFact]
    public async Task Appends_of_one_history_that_follow_each_other_or_repeat_each_other_may_share_a_commit()
    {
        await using PostgresHistoryStore store = await OpenAsync(await postgres.NewDatabaseAsync());
        AppendOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            store.AppendAsync(Append("a", i / 2, _writer, $"{i / 2}"), CancellationToken.None)));
        Assert.All(outcomes, outcome => Assert.Equal(AppendOutcome.Committed, outcome));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), await ReadAllAsync(store, "a"));
        Assert.Equal(Live("a", 100), Assert.Single(await store.ReadLiveAsync(null, CancellationToken.None)));
    }

    [PostgresFact]
    public async Task A_request_that_begins_and_ends_in_one_commit_leaves_no_live_row()
    {
        await using PostgresHistoryStore store = await OpenAsync(await postgres.NewDatabaseAsync());
        Task<AppendOutcome> begin = store.AppendAsync(Append("a", 0, _writer, "begin"), CancellationToken.None);
        Task<AppendOutcome> end = store.AppendAsync(new HistoryAppend("a", 1, _writer, [Data("end")], null), CancellationToken.None);
        Assert.All(await Task.WhenAll(begin, end), outcome => Assert.Equal(AppendOutcome.Committed, outcome));
        Assert.Empty(await store.ReadLiveAsync(null, CancellationToken.None));
    }

    [PostgresFact]
    public async Task Rows_that_were_not_written_for_a_while_are_no_changes()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await OpenAsync(database);
        await store.AppendAsync(Append("old", 0, _writer, "e"), CancellationToken.None);
        await SqlAsync(database, "UPDATE astraea.live SET changed_at = changed_at - interval '1 hour'");
        LiveChanges all = await store.ReadChangedAsync(new PoolId("pool"), DateTimeOffset.MinValue, CancellationToken.None);
        Assert.Equal(Live("old", 1), Assert.Single(all.Rows));
        await store.AppendAsync(Append("new", 0, _writer, "e"), CancellationToken.None);
        LiveChanges changes = await store.ReadChangedAsync(new PoolId("pool"), all.Mark, CancellationToken.None);
        Assert.Equal(Live("new", 1), Assert.Single(changes.Rows));
    }

    [PostgresFact]
    public async Task A_commit_reaches_the_disk_whatever_the_database_is_set_to()
    {
        string database = await postgres.NewDatabaseAsync();
        await SqlAsync(database, $"ALTER DATABASE \"{new NpgsqlConnectionStringBuilder(database).Database}\" SET synchronous_commit = off");
        Assert.Equal("off", await SqlAsync(database, "SHOW synchronous_commit"));
        await using PostgresDatabase settings = new(new PostgresHistoryOptions { ConnectionString = database, StatementTimeoutSeconds = 7 });
        await using NpgsqlConnection writer = await settings.ConnectWriterAsync(CancellationToken.None);
        foreach ((string setting, string expected) in (IEnumerable<(string, string)>)
            [("synchronous_commit", "on"), ("statement_timeout", "7s"), ("idle_in_transaction_session_timeout", "7s"), ("transaction_isolation", "read committed")])
        {
            await using NpgsqlCommand show = new($"SHOW {setting}", writer);
            Assert.Equal(expected, await show.ExecuteScalarAsync());
        }
    }

    [PostgresFact]
    public async Task Text_the_database_cannot_keep_fails_its_own_append_and_no_other()
    {
        await using PostgresHistoryStore store = await OpenAsync(await postgres.NewDatabaseAsync());
        Task<AppendOutcome> good = store.AppendAsync(Append("good 🙂", 0, _writer, "e"), CancellationToken.None);
        foreach (string key in (string[])["zero \0", "half \ud83d of a pair"])
            await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync(Append(key, 0, _writer, "e"), CancellationToken.None));
        HistoryAppend foreign = new("a", 0, _writer, [Data("e")], Live("a", 1, "pool \0"));
        await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync(foreign, CancellationToken.None));
        Assert.Equal(AppendOutcome.Committed, await good);
        Assert.Equal("good 🙂", Assert.Single(await store.ReadLiveAsync(null, CancellationToken.None)).Key);
    }

    [PostgresFact]
    public async Task A_history_with_a_hole_is_not_served()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await OpenAsync(database);
        await store.AppendAsync(Append("a", 0, _writer, "one", "two"), CancellationToken.None);
        await SqlAsync(database, "DELETE FROM astraea.event WHERE version = 1");
        HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() => ReadAllAsync(store, "a"));
        Assert.Contains("lacks event 1", e.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Closing_commits_what_waits_and_a_closed_store_says_so()
    {
        string database = await postgres.NewDatabaseAsync();
        Task<AppendOutcome>[] appends;
        PostgresHistoryStore store = await OpenAsync(database);
        appends = [.. Enumerable.Range(0, 500).Select(i => store.AppendAsync(Append($"history-{i}", 0, _writer, "event"), CancellationToken.None))];
        await store.DisposeAsync();
        await store.DisposeAsync();
        Assert.All(await Task.WhenAll(appends), outcome => Assert.Equal(AppendOutcome.Committed, outcome));
        HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() =>
            store.AppendAsync(Append("a", 0, _writer, "one"), CancellationToken.None));
        Assert.Contains("closed", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ReadAsync("a", 0, 1, CancellationToken.None));
        await using PostgresHistoryStore again = await OpenAsync(database);
        Assert.Equal(500, (await again.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [PostgresFact]
    public async Task A_cancelled_append_is_not_written()
    {
        await using PostgresHistoryStore store = await OpenAsync(await postgres.NewDatabaseAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.AppendAsync(Append("a", 0, _writer, "one"), new CancellationToken(true)));
        Assert.Empty(await ReadAllAsync(store, "a"));
    }

    [PostgresFact]
    public async Task Appends_that_together_exceed_the_bytes_of_a_commit_are_spread_over_several()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await PostgresHistoryStore.OpenAsync(
            new PostgresHistoryOptions { ConnectionString = database, BytesPerCommitMax = 1000 });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => store.AppendAsync(Append($"history-{i}", 0, _writer, new string('x', 999)), CancellationToken.None)));
        Assert.True(store.Commits >= 10, $"{store.Commits} commits");
        Assert.Equal(20, (await store.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [PostgresFact]
    public async Task More_readers_than_connections_wait_for_each_other()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await PostgresHistoryStore.OpenAsync(new PostgresHistoryOptions { ConnectionString = database, Readers = 1 });
        await store.AppendAsync(Append("a", 0, _writer, "one"), CancellationToken.None);
        string[][] read = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ReadAllAsync(store, "a")));
        Assert.All(read, events => Assert.Equal(["one"], events));
        long[] epochs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => store.TakeAsync(new PoolId("pool"), CancellationToken.None)));
        Assert.Equal(20, epochs.Distinct().Count());
    }

    [Theory]
    [InlineData(-1, 1, 5)]
    [InlineData(11, 1, 5)]
    [InlineData(1, 0, 5)]
    [InlineData(1, 1, 0)]
    [InlineData(1, 1, 11)]
    public Task Options_out_of_range_are_refused(int intervalMs, int readers, int statementSeconds) =>
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PostgresHistoryStore.OpenAsync(new PostgresHistoryOptions
        {
            ConnectionString = "Host=127.0.0.1", CommitIntervalMs = intervalMs, Readers = readers, StatementTimeoutSeconds = statementSeconds,
        }));
}
