using Astraea.Grains.Driver;
using Astraea.Silo.Storage;
using Microsoft.Data.Sqlite;
using static Astraea.Silo.Tests.Storage.StoreFolder;

namespace Astraea.Silo.Tests.Storage;

public sealed class BadFileTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly Guid _writer = Guid.NewGuid();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_cut_at_any_page_or_inside_one_is_refused()
    {
        await FillAsync();
        byte[] whole = await File.ReadAllBytesAsync(_folder.Database);
        foreach (int length in (int[])[0, 50, 99, 100, 2048, 4096, whole.Length / 2, whole.Length - 4096, whole.Length - 1])
        {
            await File.WriteAllBytesAsync(_folder.Database, whole[..length]);
            Exception? e = Record.Exception(() => _folder.Open().Dispose());
            Assert.True(e is HistoryUnavailableException, $"{length} of {whole.Length}: {e}");
            AssertRefused((HistoryUnavailableException)e, length == 0 ? "empty or missing" : "damaged");
        }
        await File.WriteAllBytesAsync(_folder.Database, whole);
        using SqliteHistoryStore store = _folder.Open();
        Assert.Equal(200, (await store.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task A_torn_page_is_refused()
    {
        await FillAsync();
        byte[] bytes = await File.ReadAllBytesAsync(_folder.Database);
        Array.Fill(bytes, (byte)0xA5, bytes.Length / 2 / 4096 * 4096, 2048);
        await File.WriteAllBytesAsync(_folder.Database, bytes);
        AssertRefused(OpenFails(), "damaged");
    }

    [Fact]
    public async Task A_missing_file_is_not_taken_for_a_new_one()
    {
        await FillAsync();
        File.Delete(_folder.Database);
        AssertRefused(OpenFails(), "empty or missing");
        File.Delete(_folder.Database);
        File.Delete(_folder.Database + ".lock");
        _folder.Open().Dispose();
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_and_left_alone()
    {
        string text = string.Join('\n', Enumerable.Repeat("some notes of somebody", 400));
        File.WriteAllText(_folder.Database, text);
        AssertRefused(OpenFails(), "no SQLite database");
        Assert.Equal(text, File.ReadAllText(_folder.Database));
    }

    [Fact]
    public void A_database_of_another_program_is_refused()
    {
        Sql("CREATE TABLE theirs (x)");
        AssertRefused(OpenFails(), "another program");
    }

    [Fact]
    public void A_newer_schema_is_refused()
    {
        _folder.Open().Dispose();
        Sql("INSERT INTO schema_version VALUES (1000)");
        AssertRefused(OpenFails(), "schema version 1000");
    }

    [Fact]
    public async Task An_older_schema_is_brought_up_step_by_step_and_keeps_its_events()
    {
        await FillAsync();
        using (var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            connection.Open();
            string id = HistorySchema.Prepare(connection, _folder.Database, "", [.. HistorySchema.Steps, "CREATE TABLE second (x)", "ALTER TABLE second ADD COLUMN y"]);
            Assert.Equal(id, File.ReadAllText(_folder.Database + ".lock").Trim());
            Assert.Equal(id, HistorySchema.Prepare(connection, _folder.Database, id, [.. HistorySchema.Steps, "not run again", "not run again"]));
        }
        Sql("SELECT y FROM second");
        Sql($"DELETE FROM schema_version WHERE version > {HistorySchema.Steps.Count}");
        using SqliteHistoryStore store = _folder.Open();
        Assert.Equal(200, (await store.ReadLiveAsync(null, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task A_file_of_the_first_schema_keeps_its_live_rows_which_get_a_picture_with_the_next_append()
    {
        using (var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            connection.Open();
            HistorySchema.Prepare(connection, _folder.Database, "", [HistorySchema.Steps[0]]);
        }
        Sql("INSERT INTO history VALUES (1, 'a', 1); INSERT INTO event VALUES (1, 1, x'00', x'65')");
        Sql("INSERT INTO live VALUES (1, 'pool', 'tenant', 1, 'Ready', 1.5, 20000000, 77, NULL)");
        using SqliteHistoryStore store = _folder.Open();
        Assert.Equal(Live("a", 1) with { Picture = default }, Assert.Single(await store.ReadLiveAsync(null, CancellationToken.None)));
        await store.AppendAsync(Append("a", 1, _writer, "two"), CancellationToken.None);
        Assert.Equal(Live("a", 2), Assert.Single(await store.ReadLiveAsync(null, CancellationToken.None)));
    }

    [Fact]
    public void A_step_that_fails_leaves_the_file_as_it_was()
    {
        _folder.Open().Dispose();
        using (var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            connection.Open();
            Assert.Throws<SqliteException>(() =>
                HistorySchema.Prepare(connection, _folder.Database, "", [.. HistorySchema.Steps, "CREATE TABLE second (x)", "not SQL"]));
        }
        Assert.Throws<SqliteException>(() => Sql("SELECT * FROM second"));
        _folder.Open().Dispose();
    }

    [Fact]
    public void A_second_store_on_the_same_file_is_refused_until_the_first_has_closed()
    {
        using (SqliteHistoryStore first = _folder.Open())
            AssertRefused(OpenFails(), "in use");
        _folder.Open().Dispose();
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        File.WriteAllText(_folder.Database, "a file, not a folder");
        HistoryUnavailableException e = Assert.Throws<HistoryUnavailableException>(() =>
            SqliteHistoryStore.Open(new SqliteHistoryOptions { Path = Path.Combine(_folder.Database, "history.db") }));
        Assert.Contains(_folder.Database, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_fails_appends_loses_nothing_and_heals()
    {
        string large = new('x', 100_000);
        using (SqliteHistoryStore small = SqliteHistoryStore.Open(_folder.Options with { BytesMax = 1 << 20 }))
        {
            int version = 0;
            HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(async () =>
            {
                for (; version < 1000; version++)
                    await small.AppendAsync(Append("a", version, _writer, large), CancellationToken.None);
            });
            AssertRefused(e, "full");
            Assert.InRange(version, 1, 20);
            Assert.Equal(version, (await ReadAllAsync(small, "a")).Length);
            Assert.Equal(AppendOutcome.Committed, await small.AppendAsync(Append("b", 0, _writer, "small"), CancellationToken.None));
        }
        using SqliteHistoryStore store = _folder.Open();
        long next = (await ReadAllAsync(store, "a")).Length;
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append("a", next, _writer, large), CancellationToken.None));
    }

    [Fact]
    public async Task A_foreign_lock_fails_appends_and_they_go_on_when_it_is_gone()
    {
        using SqliteHistoryStore store = _folder.Open();
        using (var foreign = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            foreign.Open();
            using SqliteTransaction transaction = foreign.BeginTransaction();
            AssertRefused(await Assert.ThrowsAsync<HistoryUnavailableException>(() =>
                store.AppendAsync(Append("a", 0, _writer, "one"), CancellationToken.None)), "lock");
        }
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append("a", 0, _writer, "one"), CancellationToken.None));
        Assert.Equal(["one"], await ReadAllAsync(store, "a"));
    }

    [Fact]
    public async Task A_history_with_a_hole_is_not_served()
    {
        await FillAsync();
        Sql("DELETE FROM event WHERE version = 1 AND history = (SELECT id FROM history WHERE key = 'history-7')");
        using SqliteHistoryStore store = _folder.Open();
        AssertRefused(await Assert.ThrowsAsync<HistoryUnavailableException>(() => ReadAllAsync(store, "history-7")), "lacks event 1");
    }

    [Theory]
    [InlineData(-1, 1, 1)]
    [InlineData(11, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    public void Options_out_of_range_are_refused(int intervalMs, int readers, int lockSeconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SqliteHistoryStore.Open(
            new SqliteHistoryOptions { Path = _folder.Database, CommitIntervalMs = intervalMs, Readers = readers, LockTimeoutSeconds = lockSeconds }));

    private async Task FillAsync()
    {
        using SqliteHistoryStore store = _folder.Open();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            store.AppendAsync(Append($"history-{i}", 0, _writer, new string('e', 500), "second"), CancellationToken.None)));
    }

    private HistoryUnavailableException OpenFails() => Assert.Throws<HistoryUnavailableException>(_folder.Open);

    private void AssertRefused(HistoryUnavailableException e, string why)
    {
        Assert.Contains(_folder.Database, e.Message, StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    private void Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
