using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Npgsql;
using NpgsqlTypes;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>Reads histories, the live index and scheduler epochs, each with one statement of its own.</summary>
internal sealed class PostgresHistoryReader(PostgresDatabase database)
{
    private const string Schema = PostgresSchema.Name;

    // A row gets its time before its commit. Behind that time are the rest of its transaction, whose statements have limits
    // (PostgresHistoryOptions.StatementTimeoutSeconds, at most 10 s each), and the flush of the commit.
    private const string ChangeMargin = "interval '30 seconds'";

    private const string LiveColumns =
        $"""
        SELECT h.key, l.pool, l.tenant, l.version, l.phase, l.attained_seconds, l.waited_ticks, l.ready_since_ticks, l.next_due_ticks, l.picture
        FROM {Schema}.live AS l JOIN {Schema}.history AS h ON h.id = l.history
        """;

    public async Task<ImmutableArray<StoredEvent>> EventsAsync(string key, long after, int max, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = Batch(
            $"""
            SELECT e.version, e.data FROM {Schema}.event AS e
            WHERE e.history = (SELECT h.id FROM {Schema}.history AS h WHERE h.key = $1) AND e.version > $2 ORDER BY e.version LIMIT $3
            """,
            Parameter(key, NpgsqlDbType.Text), Parameter(after, NpgsqlDbType.Bigint), Parameter((long)max, NpgsqlDbType.Bigint));
        ImmutableArray<StoredEvent>.Builder events = ImmutableArray.CreateBuilder<StoredEvent>();
        await using NpgsqlDataReader rows = await batch.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation))
        {
            long version = rows.GetInt64(0);
            if (version != after + events.Count + 1)
                throw PostgresErrors.Damaged(database.Name, $"history '{key}' lacks event {after + events.Count + 1}");
            events.Add(new StoredEvent(version, rows.GetFieldValue<byte[]>(1)));
        }
        return events.DrainToImmutable();
    }

    public async Task<ImmutableArray<LiveRow>> LiveAsync(PoolId? pool, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = pool is { } one
            ? Batch($"{LiveColumns} WHERE l.pool = $1 ORDER BY l.history", Parameter(one.Value, NpgsqlDbType.Text))
            : Batch($"{LiveColumns} ORDER BY l.history");
        await using NpgsqlDataReader rows = await batch.ExecuteReaderAsync(cancellation);
        return await RowsAsync(rows, cancellation);
    }

    public async Task<LiveChanges> ChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = Batch($"SELECT clock_timestamp() - {ChangeMargin}");
        Add(batch, $"{LiveColumns} WHERE l.pool = $1 AND l.changed_at >= $2 ORDER BY l.history",
            Parameter(pool.Value, NpgsqlDbType.Text), Parameter(since.UtcDateTime, NpgsqlDbType.TimestampTz));
        await using NpgsqlDataReader rows = await batch.ExecuteReaderAsync(cancellation);
        await rows.ReadAsync(cancellation);
        DateTimeOffset mark = rows.GetFieldValue<DateTimeOffset>(0);
        await rows.NextResultAsync(cancellation);
        return new LiveChanges(await RowsAsync(rows, cancellation), mark);
    }

    public Task<long> TakeEpochAsync(PoolId pool, CancellationToken cancellation) => NumberAsync(
        $"""
        INSERT INTO {Schema}.scheduler_epoch AS s (pool, epoch, taken_at) VALUES ($1, 1, clock_timestamp())
        ON CONFLICT (pool) DO UPDATE SET epoch = s.epoch + 1, taken_at = clock_timestamp() RETURNING epoch
        """,
        pool, cancellation);

    public Task<long> CurrentEpochAsync(PoolId pool, CancellationToken cancellation) =>
        NumberAsync($"SELECT coalesce((SELECT epoch FROM {Schema}.scheduler_epoch WHERE pool = $1), 0)", pool, cancellation);

    private async Task<long> NumberAsync(string sql, PoolId pool, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = Batch(sql, Parameter(pool.Value, NpgsqlDbType.Text));
        return (long)(await batch.ExecuteScalarAsync(cancellation))!;
    }

    private async Task<ImmutableArray<LiveRow>> RowsAsync(NpgsqlDataReader rows, CancellationToken cancellation)
    {
        ImmutableArray<LiveRow>.Builder live = ImmutableArray.CreateBuilder<LiveRow>();
        while (await rows.ReadAsync(cancellation))
        {
            string key = rows.GetString(0);
            if (!Enum.TryParse(rows.GetString(4), out RequestPhase phase))
                throw PostgresErrors.Damaged(database.Name, $"the live row of '{key}' has the unknown phase '{rows.GetString(4)}'");
            live.Add(new LiveRow(key, new PoolId(rows.GetString(1)), new TenantId(rows.GetString(2)), rows.GetInt64(3), phase, rows.GetDouble(5),
                TimeSpan.FromTicks(rows.GetInt64(6)), Moment(rows, 7), Moment(rows, 8), rows.GetFieldValue<byte[]>(9)));
        }
        return live.DrainToImmutable();
    }

    private NpgsqlBatch Batch(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        NpgsqlBatch batch = database.Readers.CreateBatch();
        Add(batch, sql, parameters);
        return batch;
    }

    private static void Add(NpgsqlBatch batch, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        NpgsqlBatchCommand command = new(sql);
        foreach (NpgsqlParameter parameter in parameters)
            command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter Parameter(object value, NpgsqlDbType type) => new() { Value = value, NpgsqlDbType = type };

    private static Instant? Moment(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : new Instant(rows.GetInt64(column));
}
