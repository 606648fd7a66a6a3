using Astraea.Grains.Driver;
using Npgsql;
using NpgsqlTypes;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>Writes batches of appends through one connection, each in one transaction and two round trips. One caller at a time.</summary>
/// <remarks>
/// The first trip locks the heads of the batch's histories, the second writes and commits. Heads are made and locked in the order of their keys, made ones
/// before locked ones, and rows that are not committed yet cannot be locked by others: so processes wait for each other in one direction and never in a circle.
/// </remarks>
internal sealed class PostgresWriter(NpgsqlConnection connection) : IAsyncDisposable
{
    private const string Schema = PostgresSchema.Name;

    /// <summary>Whether the connection is known to be gone.</summary>
    public bool IsBroken => connection.FullState != System.Data.ConnectionState.Open;

    /// <summary>Writes a batch. A conflict is found before anything of that append is written, so it costs the others nothing.</summary>
    /// <returns>How each append ended.</returns>
    /// <exception cref="NpgsqlException">Nothing of the batch is visible, or all of it: the commit itself may have been done. The connection is of no use any more.</exception>
    public async Task<AppendOutcome[]> CommitAsync(IReadOnlyList<HistoryAppend> appends)
    {
        Dictionary<string, HistoryHead> heads = await LockHeadsAsync(appends);
        PostgresBatch batch = PostgresBatch.Decide(appends, heads);
        await using NpgsqlBatch commands = connection.CreateBatch();
        AddEvents(commands, batch);
        AddLive(commands, batch);
        if (batch.Repeats.Count > 0)
            AddReread(commands, batch);
        commands.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await using NpgsqlDataReader reader = await commands.ExecuteReaderAsync();
        if (batch.Repeats.Count > 0)
            await SettleAsync(reader, batch, appends);
        while (await reader.NextResultAsync())
        {
            // Every answer is awaited: the last one is that of the commit.
        }
        return batch.Outcomes;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<Dictionary<string, HistoryHead>> LockHeadsAsync(IReadOnlyList<HistoryAppend> appends)
    {
        string[] fresh = [.. appends.Where(a => a.ExpectedVersion == 0).Select(a => a.Key).Distinct()];
        string[] keys = [.. appends.Select(a => a.Key).Distinct()];
        await using NpgsqlBatch commands = connection.CreateBatch();
        commands.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
        if (fresh.Length > 0)
        {
            // Who is there already is left out beforehand: an insert that does nothing uses up an id and a lock all the same.
            Add(commands,
                $"""
                INSERT INTO {Schema}.history (key, version)
                SELECT k, 0 FROM unnest($1) AS k WHERE NOT EXISTS (SELECT FROM {Schema}.history AS h WHERE h.key = k) ORDER BY k COLLATE "C"
                ON CONFLICT (key) DO NOTHING
                """,
                Array(fresh, NpgsqlDbType.Text));
        }
        Add(commands, $"SELECT key, id, version FROM {Schema}.history WHERE key = ANY ($1) ORDER BY key FOR UPDATE", Array(keys, NpgsqlDbType.Text));
        var heads = new Dictionary<string, HistoryHead>(keys.Length, StringComparer.Ordinal);
        await using NpgsqlDataReader rows = await commands.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            heads.Add(rows.GetString(0), new HistoryHead(rows.GetInt64(1), rows.GetInt64(2)));
        return heads;
    }

    private static void AddEvents(NpgsqlBatch commands, PostgresBatch batch)
    {
        if (batch.Events.Count > 0)
        {
            Add(commands,
                $"INSERT INTO {Schema}.event (history, version, writer, data) SELECT * FROM unnest($1, $2, $3, $4)",
                Array(batch.Events.ConvertAll(e => e.History), NpgsqlDbType.Bigint), Array(batch.Events.ConvertAll(e => e.Version), NpgsqlDbType.Bigint),
                Array(batch.Events.ConvertAll(e => e.Writer), NpgsqlDbType.Uuid), Array(batch.Events.ConvertAll(e => e.Data), NpgsqlDbType.Bytea));
        }
        if (batch.Moved.Count > 0)
        {
            Add(commands,
                $"UPDATE {Schema}.history AS h SET version = n.version FROM unnest($1, $2) AS n (id, version) WHERE h.id = n.id",
                Array(batch.Moved.Keys.ToList(), NpgsqlDbType.Bigint), Array(batch.Moved.Values.ToList(), NpgsqlDbType.Bigint));
        }
    }

    private static void AddLive(NpgsqlBatch commands, PostgresBatch batch)
    {
        List<(long History, LiveRow Row)> set = [.. batch.Live.Where(l => l.Value is not null).Select(l => (l.Key, l.Value!))];
        if (set.Count > 0)
        {
            Add(commands,
                $"""
                INSERT INTO {Schema}.live (
                    history, pool, tenant, version, phase, attained_seconds, waited_ticks, ready_since_ticks, next_due_ticks, picture, changed_at)
                SELECT n.*, clock_timestamp() FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS n
                ON CONFLICT (history) DO UPDATE SET pool = excluded.pool, tenant = excluded.tenant, version = excluded.version, phase = excluded.phase,
                    attained_seconds = excluded.attained_seconds, waited_ticks = excluded.waited_ticks, ready_since_ticks = excluded.ready_since_ticks,
                    next_due_ticks = excluded.next_due_ticks, picture = excluded.picture, changed_at = excluded.changed_at
                """,
                Array(set.ConvertAll(l => l.History), NpgsqlDbType.Bigint),
                Array(set.ConvertAll(l => l.Row.Pool.Value), NpgsqlDbType.Text),
                Array(set.ConvertAll(l => l.Row.Tenant.Value), NpgsqlDbType.Text),
                Array(set.ConvertAll(l => l.Row.Version), NpgsqlDbType.Bigint),
                Array(set.ConvertAll(l => l.Row.Phase.ToString()), NpgsqlDbType.Text),
                Array(set.ConvertAll(l => l.Row.AttainedSeconds), NpgsqlDbType.Double),
                Array(set.ConvertAll(l => l.Row.Waited.Ticks), NpgsqlDbType.Bigint),
                Array(set.ConvertAll(l => l.Row.ReadySince?.Ticks), NpgsqlDbType.Bigint),
                Array(set.ConvertAll(l => l.Row.NextDue?.Ticks), NpgsqlDbType.Bigint),
                Array(set.ConvertAll(l => PostgresBatch.Bytes(l.Row.Picture)), NpgsqlDbType.Bytea));
        }
        List<long> removed = [.. batch.Live.Where(l => l.Value is null).Select(l => l.Key)];
        if (removed.Count > 0)
            Add(commands, $"DELETE FROM {Schema}.live WHERE history = ANY ($1)", Array(removed, NpgsqlDbType.Bigint));
    }

    /// <summary>Events never change, and those of this batch are in place by now: one look tells which repeated appends are there.</summary>
    private static void AddReread(NpgsqlBatch commands, PostgresBatch batch) => Add(commands,
        $"""
        SELECT r.place, e.writer, e.data FROM unnest($1, $2, $3, $4) AS r (place, history, low, high)
        JOIN {Schema}.event AS e ON e.history = r.history AND e.version > r.low AND e.version <= r.high ORDER BY r.place, e.version
        """,
        Array(batch.Repeats.ConvertAll(r => r.Index), NpgsqlDbType.Integer), Array(batch.Repeats.ConvertAll(r => r.History), NpgsqlDbType.Bigint),
        Array(batch.Repeats.ConvertAll(r => r.After), NpgsqlDbType.Bigint), Array(batch.Repeats.ConvertAll(r => r.UpTo), NpgsqlDbType.Bigint));

    private static async Task SettleAsync(NpgsqlDataReader reader, PostgresBatch batch, IReadOnlyList<HistoryAppend> appends)
    {
        Dictionary<int, List<(Guid, byte[])>> there = batch.Repeats.ToDictionary(r => r.Index, _ => new List<(Guid, byte[])>());
        while (await reader.ReadAsync())
            there[reader.GetInt32(0)].Add((reader.GetGuid(1), reader.GetFieldValue<byte[]>(2)));
        foreach (Repeat repeat in batch.Repeats)
            batch.Settle(repeat, appends[repeat.Index], there[repeat.Index]);
    }

    private static void Add(NpgsqlBatch commands, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        NpgsqlBatchCommand command = new(sql);
        foreach (NpgsqlParameter parameter in parameters)
            command.Parameters.Add(parameter);
        commands.BatchCommands.Add(command);
    }

    private static NpgsqlParameter Array<T>(IList<T> values, NpgsqlDbType element) =>
        new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | element };
}
