using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage.Postgres;
using Npgsql;
using static Astraea.Silo.Tests.Storage.Postgres.PostgresFixture;
using static Astraea.Silo.Tests.Storage.StoreFolder;

namespace Astraea.Silo.Tests.Storage.Postgres;

[Collection(PostgresTests.Name)]
public sealed class PostgresSchemaTests(PostgresFixture postgres)
{
    [PostgresFact]
    public async Task Eight_processes_may_start_on_an_empty_database_at_once()
    {
        string database = await postgres.NewDatabaseAsync();
        PostgresHistoryStore[] stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => OpenAsync(database))));
        Assert.Equal((long)PostgresSchema.Steps.Count, await SqlAsync(database, "SELECT count(*) FROM astraea.schema_version"));
        for (int i = 0; i < stores.Length; i++)
        {
            Assert.Equal(AppendOutcome.Committed, await stores[i].AppendAsync(Append("a", i, Guid.NewGuid(), $"{i}"), CancellationToken.None));
            Assert.Equal(i + 1, await stores[i].TakeAsync(new PoolId("pool"), CancellationToken.None));
            await stores[i].DisposeAsync();
        }
    }

    [PostgresFact]
    public async Task An_older_schema_is_brought_up_step_by_step_and_keeps_its_events()
    {
        string database = await postgres.NewDatabaseAsync();
        await using (PostgresHistoryStore store = await OpenAsync(database))
            await store.AppendAsync(Append("a", 0, Guid.NewGuid(), "one"), CancellationToken.None);
        IReadOnlyList<string> longer = [.. PostgresSchema.Steps, "CREATE TABLE astraea.second (x int)", "ALTER TABLE astraea.second ADD COLUMN y int"];
        Assert.Equal(2, await PrepareAsync(database, longer));
        Assert.Equal(0, await PrepareAsync(database, [.. PostgresSchema.Steps, "not run again", "not run again"]));
        Assert.Equal(0L, await SqlAsync(database, "SELECT count(y) FROM astraea.second"));
        await SqlAsync(database, $"DELETE FROM astraea.schema_version WHERE version > {PostgresSchema.Steps.Count}");
        await using PostgresHistoryStore again = await OpenAsync(database);
        Assert.Equal(["one"], await ReadAllAsync(again, "a"));
    }

    [PostgresFact]
    public async Task A_step_that_fails_leaves_the_database_as_it_was()
    {
        string database = await postgres.NewDatabaseAsync();
        await Assert.ThrowsAsync<PostgresException>(() => PrepareAsync(database, [.. PostgresSchema.Steps, "CREATE TABLE astraea.second (x int)", "not SQL"]));
        Assert.Equal(DBNull.Value, await SqlAsync(database, "SELECT to_regclass('astraea.history')::text"));
        await (await OpenAsync(database)).DisposeAsync();
    }

    [PostgresFact]
    public async Task A_newer_schema_is_refused()
    {
        string database = await postgres.NewDatabaseAsync();
        await (await OpenAsync(database)).DisposeAsync();
        await SqlAsync(database, "INSERT INTO astraea.schema_version VALUES (1000, now())");
        HistoryUnavailableException e = await Assert.ThrowsAsync<HistoryUnavailableException>(() => OpenAsync(database));
        Assert.Contains("schema version 1000", e.Message, StringComparison.Ordinal);
        Assert.Contains(new NpgsqlConnectionStringBuilder(database).Database!, e.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_user_that_may_only_change_rows_can_use_a_database_that_is_ready()
    {
        string database = await postgres.NewDatabaseAsync();
        await (await OpenAsync(database)).DisposeAsync();
        await SqlAsync(database,
            "CREATE ROLE plain LOGIN PASSWORD 'plain'; GRANT USAGE ON SCHEMA astraea TO plain; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA astraea TO plain");
        NpgsqlConnectionStringBuilder settings = new(database) { Username = "plain", Password = "plain" };
        await using PostgresHistoryStore store = await OpenAsync(settings.ToString());
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(Append("a", 0, Guid.NewGuid(), "one"), CancellationToken.None));
        Assert.Equal(1, await store.TakeAsync(new PoolId("pool"), CancellationToken.None));
    }

    /// <summary>The keys that the clustering provider of Orleans 10.4 refuses to start without.</summary>
    [PostgresFact]
    public async Task Orleans_finds_its_statements_through_the_search_path()
    {
        string database = await postgres.NewDatabaseAsync();
        await (await OpenAsync(database)).DisposeAsync();
        var keys = (string[]?)await SqlAsync(PostgresMembership.ConnectionString(database), "SELECT array_agg(QueryKey ORDER BY QueryKey) FROM OrleansQuery");
        Assert.Equal(
            [
                "CleanupDefunctSiloEntriesKey", "DeleteMembershipTableEntriesKey", "GatewaysQueryKey", "InsertMembershipKey", "InsertMembershipVersionKey",
                "MembershipReadAllKey", "MembershipReadRowKey", "UpdateIAmAlivetimeKey", "UpdateMembershipKey",
            ],
            keys!.Order(StringComparer.Ordinal));
    }

    private static async Task<int> PrepareAsync(string database, IReadOnlyList<string> steps)
    {
        await using NpgsqlConnection connection = new(database + ";Pooling=false");
        await connection.OpenAsync();
        return await PostgresSchema.PrepareAsync(connection, "the database", steps, CancellationToken.None);
    }
}
