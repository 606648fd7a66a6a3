using Astraea.Grains.Driver;
using Npgsql;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>The tables, and the steps that bring an older database up to them. Everything of ours is in one schema.</summary>
internal static class PostgresSchema
{
    /// <summary>Where our tables are. Orleans looks for its own through the search path of its connection string (<see cref="PostgresMembership"/>).</summary>
    public const string Name = "astraea";

    // "ASTR" and a number: processes that start at once take turns by this key, within one database.
    private const long MigrationLock = 0x41535452_00000001;

    private const string Versions = $"{Name}.schema_version";

    /// <summary>Step n (from 0) makes version n + 1. A released step never changes; a new shape is a new step that leaves older nodes working.</summary>
    /// <remarks>
    /// Rows of <c>history</c> and <c>live</c> change with every append and their indexed columns never do: room is left in their pages, so that a change
    /// stays in its page and touches no index. Keys compare byte by byte, so that every writer locks them in the same order.
    /// </remarks>
    public static IReadOnlyList<string> Steps { get; } =
    [
        $"""
        CREATE TABLE {Name}.history (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text COLLATE "C" NOT NULL UNIQUE, version bigint NOT NULL) WITH (fillfactor = 70);
        CREATE TABLE {Name}.event (
            history bigint NOT NULL, version bigint NOT NULL, writer uuid NOT NULL, data bytea NOT NULL, PRIMARY KEY (history, version));
        CREATE TABLE {Name}.live (
            history bigint PRIMARY KEY, pool text COLLATE "C" NOT NULL, tenant text COLLATE "C" NOT NULL, version bigint NOT NULL, phase text NOT NULL,
            attained_seconds double precision NOT NULL, waited_ticks bigint NOT NULL, ready_since_ticks bigint, next_due_ticks bigint,
            picture bytea NOT NULL, changed_at timestamptz NOT NULL) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX live_pool ON {Name}.live (pool);
        CREATE TABLE {Name}.scheduler_epoch (pool text COLLATE "C" PRIMARY KEY, epoch bigint NOT NULL, taken_at timestamptz NOT NULL);
        """,
        PostgresMembership.Tables,
    ];

    /// <summary>Brings the database to the newest version, unless it is there. Several processes may do so at once.</summary>
    /// <returns>How many steps were run.</returns>
    /// <exception cref="HistoryUnavailableException">It was written by a newer version.</exception>
    public static async Task<int> PrepareAsync(NpgsqlConnection connection, string database, IReadOnlyList<string> steps, CancellationToken cancellation)
    {
        // A user that may only read and write tables will do once they are there.
        if (await VersionAsync(connection, cancellation) is { } found && IsNewest(found, database, steps))
            return 0;
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0", cancellation);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})", cancellation);
        int version = await VersionAsync(connection, cancellation) ?? 0;
        int before = version;
        if (IsNewest(version, database, steps))
            return 0;
        if (version == 0)
        {
            await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {Name}", cancellation);
            await ExecuteAsync(connection, $"CREATE TABLE IF NOT EXISTS {Versions} (version integer PRIMARY KEY, made_at timestamptz NOT NULL)", cancellation);
        }
        for (; version < steps.Count; version++)
        {
            await ExecuteAsync(connection, steps[version], cancellation);
            await ExecuteAsync(connection, $"INSERT INTO {Versions} VALUES ({version + 1}, clock_timestamp())", cancellation);
        }
        await transaction.CommitAsync(cancellation);
        return version - before;
    }

    private static bool IsNewest(int version, string database, IReadOnlyList<string> steps) => version <= steps.Count
        ? version == steps.Count
        : throw new HistoryUnavailableException(
            $"{database} has schema version {version}; this program knows versions up to {steps.Count}. Start the newer program.");

    private static async Task<int?> VersionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        // A look into the catalog itself: by name, a session may answer from what it remembers of the time before another process made the tables.
        await using NpgsqlCommand there = new($"SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = '{Name}' AND tablename = 'schema_version')", connection);
        if (await there.ExecuteScalarAsync(cancellation) is not true)
            return null;
        await using NpgsqlCommand newest = new($"SELECT coalesce(max(version), 0) FROM {Versions}", connection);
        return (int)(await newest.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        // A table may have to be rewritten, and another process may be at it: neither has a limit known beforehand.
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
