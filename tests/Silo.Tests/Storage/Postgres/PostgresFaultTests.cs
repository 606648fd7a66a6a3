using System.Diagnostics;
using Astraea.Cli.Cluster;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage.Postgres;
using Npgsql;
using static Astraea.Silo.Tests.Storage.Postgres.PostgresFixture;
using static Astraea.Silo.Tests.Storage.StoreFolder;

namespace Astraea.Silo.Tests.Storage.Postgres;

/// <summary>Writers, servers and lines that go away in the middle.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgresFaultTests(PostgresFixture postgres)
{
    private const string Secret = "s3cret-and-never-told";

    [PostgresFact]
    public async Task Every_acknowledged_append_survives_kill_of_its_writer_and_none_is_there_twice()
    {
        const int Histories = 24;
        string database = await postgres.NewDatabaseAsync();
        var acknowledged = new Dictionary<string, long>();
        for (int round = 0; round < 4; round++)
        {
            long first = acknowledged.Count == 0 ? 0 : acknowledged.Values.Min();
            using (Process child = StoreWriterProcess.Start(["postgres", $"{Histories}", $"{first}"], database))
                await StoreWriterProcess.KillAfterAsync(child, acknowledged, lines: 200 + 97 * round);
            await using PostgresHistoryStore store = await OpenAsync(database);
            Assert.Equal(Histories, acknowledged.Count);
            foreach ((string key, long version) in acknowledged)
            {
                string[] events = await ReadAllAsync(store, key);
                Assert.True(events.Length >= version, $"{key}: {version} acknowledged, {events.Length} there");
                Assert.Equal(Enumerable.Range(1, events.Length).Select(v => $"{key}:{v}"), events);
            }
        }
    }

    [PostgresFact]
    public async Task An_append_killed_between_commit_and_acknowledgement_is_recognised_when_it_is_sent_again()
    {
        string database = await postgres.NewDatabaseAsync();
        using (Process child = StoreWriterProcess.Start(["postgres", "0", "0"], database))
        {
            Assert.Equal("written", await child.StandardOutput.ReadLineAsync());
            child.Kill();
            await child.WaitForExitAsync();
        }
        await using PostgresHistoryStore store = await OpenAsync(database);
        var again = new HistoryAppend("lost-ack", 0, Guid.Empty, [Data("lost-ack:1")], null);
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(again, CancellationToken.None));
        Assert.Equal(["lost-ack:1"], await ReadAllAsync(store, "lost-ack"));
    }

    [PostgresFact]
    public async Task A_server_that_is_killed_and_restarted_under_load_fails_appends_clearly_and_loses_none()
    {
        const int Histories = 16;
        const int Events = 60;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("astraea-postgres-");
        await using PostgresServer server = await PostgresServer.StartAsync(folder.FullName, CancellationToken.None);
        await using PostgresHistoryStore store = await OpenAsync(server.ConnectionString());
        TaskCompletionSource underWay = new(), failed = new();
        int committed = 0;
        Task[] appenders = [.. Enumerable.Range(0, Histories).Select(i => Task.Run(() => AppendAllAsync($"history-{i}")))];
        await underWay.Task;
        await server.KillAsync();
        await failed.Task;
        int before = server.Port;
        await server.RestartAsync(CancellationToken.None);
        Assert.Equal(before, server.Port);
        await Task.WhenAll(appenders);
        for (int i = 0; i < Histories; i++)
            Assert.Equal(Enumerable.Range(0, Events).Select(v => $"{v}"), await ReadAllAsync(store, $"history-{i}"));
        await server.StopAsync();
        folder.Delete(recursive: true);

        async Task AppendAllAsync(string key)
        {
            Guid writer = Guid.NewGuid();
            for (int version = 0; version < Events;)
            {
                // The last events wait for the fault, so that it always hits the middle.
                if (version == Events / 2)
                    await failed.Task;
                try
                {
                    Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append(key, version, writer, $"{version}"), CancellationToken.None));
                    version++;
                    if (Interlocked.Increment(ref committed) == Histories)
                        underWay.TrySetResult();
                }
                catch (HistoryUnavailableException e)
                {
                    AssertTold(e, server.ConnectionString());
                    failed.TrySetResult();
                }
            }
        }
    }

    [PostgresFact]
    public async Task A_lock_of_somebody_else_fails_appends_in_time_and_they_go_on_when_it_is_gone()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await PostgresHistoryStore.OpenAsync(
            new PostgresHistoryOptions { ConnectionString = database, StatementTimeoutSeconds = 1 });
        Guid writer = Guid.NewGuid();
        await store.AppendAsync(Append("a", 0, writer, "one"), CancellationToken.None);
        await using (NpgsqlConnection foreign = new(database + ";Pooling=false"))
        {
            await foreign.OpenAsync();
            await using NpgsqlTransaction transaction = await foreign.BeginTransactionAsync();
            await using NpgsqlCommand hold = new("SELECT * FROM astraea.history FOR UPDATE", foreign);
            await hold.ExecuteNonQueryAsync();
            HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() =>
                store.AppendAsync(Append("a", 1, writer, "two"), CancellationToken.None));
            AssertTold(e, database);
        }
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append("a", 1, writer, "two"), CancellationToken.None));
        Assert.Equal(["one", "two"], await ReadAllAsync(store, "a"));
    }

    [PostgresFact]
    public async Task A_writer_that_stands_still_inside_a_transaction_is_thrown_out_with_what_it_wrote()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await PostgresHistoryStore.OpenAsync(
            new PostgresHistoryOptions { ConnectionString = database, StatementTimeoutSeconds = 10 });
        Guid writer = Guid.NewGuid();
        await store.AppendAsync(Append("a", 0, writer, "one"), CancellationToken.None);
        await using PostgresDatabase other = new(new PostgresHistoryOptions { ConnectionString = database, StatementTimeoutSeconds = 2 });
        await using NpgsqlConnection still = await other.ConnectWriterAsync(CancellationToken.None);
        await using NpgsqlCommand write = new("BEGIN; UPDATE astraea.history SET version = 100", still);
        await write.ExecuteNonQueryAsync();
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append("a", 1, writer, "two"), CancellationToken.None));
        Assert.Equal(["one", "two"], await ReadAllAsync(store, "a"));
    }

    [PostgresFact]
    public async Task A_connection_that_breaks_fails_its_batch_and_the_next_one_has_a_new_connection()
    {
        string database = await postgres.NewDatabaseAsync();
        await using PostgresHistoryStore store = await OpenAsync(database);
        Guid writer = Guid.NewGuid();
        await store.AppendAsync(Append("a", 0, writer, "one"), CancellationToken.None);
        await ReadAllAsync(store, "a");
        await SqlAsync(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        for (int i = 0; i < 2; i++)
        {
            try
            {
                Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append("a", 1, writer, "two"), CancellationToken.None));
            }
            catch (HistoryUnavailableException e) when (i == 0)
            {
                AssertTold(e, database);
            }
        }
        AssertTold(await Assert.ThrowsAsync<HistoryUnavailableException>(() => ReadAllAsync(store, "a")), database);
        Assert.Equal(["one", "two"], await ReadAllAsync(store, "a"));
    }

    [PostgresFact]
    public async Task A_password_is_never_in_an_error()
    {
        NpgsqlConnectionStringBuilder right = new(await postgres.NewDatabaseAsync());
        foreach (string wrong in (string[])
        [
            new NpgsqlConnectionStringBuilder(right.ToString()) { Password = Secret }.ToString(),
            new NpgsqlConnectionStringBuilder(right.ToString()) { Username = "nobody", Password = Secret }.ToString(),
            $"Host=127.0.0.1;Port=1;Username=astraea;Password={Secret};Database=astraea",
            $"Host=no-such-host.invalid;Username=astraea;Password={Secret};Database=astraea",
        ])
        {
            HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() => OpenAsync(wrong));
            Assert.DoesNotContain(Secret, e.ToString(), StringComparison.Ordinal);
            AssertTold(e, wrong);
        }
        right.Database = "absent";
        Assert.Contains("no such database", (await Assert.ThrowsAsync<HistoryUnavailableException>(() => OpenAsync(right.ToString()))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"Host=127.0.0.1;Password=semi;{Secret}")]
    [InlineData($"Host=127.0.0.1;{Secret}=x")]
    [InlineData($"Host=127.0.0.1;Port={Secret}")]
    [InlineData($"Password={Secret}")]
    public async Task A_connection_string_that_cannot_be_read_is_not_repeated(string bad)
    {
        HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() => OpenAsync(bad));
        Assert.DoesNotContain(Secret, e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("semi", e.ToString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_private_server_goes_when_the_process_that_started_it_is_killed()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("astraea-postgres-");
        using Process child = StoreWriterProcess.Start(["server", folder.FullName]);
        string database = (await child.StandardOutput.ReadLineAsync())!;
        await using NpgsqlConnection connection = new(database + ";Pooling=false");
        await connection.OpenAsync();
        Task broken = connection.WaitAsync();
        child.Kill();
        await child.WaitForExitAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => broken);
        // What was in the folder is there for the next server, which waits until the old one has written it out.
        await using PostgresServer next = await PostgresServer.StartAsync(folder.FullName, CancellationToken.None);
        await SqlAsync(next.ConnectionString(), "CREATE TABLE kept ()");
        await next.KillAsync();
        await next.RestartAsync(CancellationToken.None);
        Assert.Equal("kept", await SqlAsync(next.ConnectionString(), "SELECT to_regclass('kept')::text"));
        await next.StopAsync();
        folder.Delete(recursive: true);
    }

    private static void AssertTold(HistoryUnavailableException e, string connectionString)
    {
        NpgsqlConnectionStringBuilder settings = new(connectionString);
        Assert.Contains(settings.Host!, e.Message, StringComparison.Ordinal);
        Assert.Contains($"'{settings.Database}'", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(settings.Password!, e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
