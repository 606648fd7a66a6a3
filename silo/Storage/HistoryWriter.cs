using System.Runtime.InteropServices;
using Astraea.Grains.Driver;
using Microsoft.Data.Sqlite;

namespace Astraea.Silo.Storage;

/// <summary>Writes appends through the one connection that writes. One thread calls it.</summary>
internal sealed class HistoryWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin, _commit, _rollback, _head, _create, _advance, _insert, _reread, _setLive, _removeLive;

    public HistoryWriter(SqliteConnection connection)
    {
        _connection = connection;
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _rollback = connection.Prepare("ROLLBACK");
        _head = connection.Prepare("SELECT id, version FROM history WHERE key = $0", SqliteType.Text);
        _create = connection.Prepare("INSERT INTO history (key, version) VALUES ($0, 0) RETURNING id", SqliteType.Text);
        _advance = connection.Prepare("UPDATE history SET version = $1 WHERE id = $0", SqliteType.Integer, SqliteType.Integer);
        _insert = connection.Prepare("INSERT INTO event (history, version, writer, data) VALUES ($0, $1, $2, $3)",
            SqliteType.Integer, SqliteType.Integer, SqliteType.Blob, SqliteType.Blob);
        _reread = connection.Prepare("SELECT writer, data FROM event WHERE history = $0 AND version > $1 ORDER BY version LIMIT $2",
            SqliteType.Integer, SqliteType.Integer, SqliteType.Integer);
        _setLive = connection.Prepare(
            """
            INSERT INTO live (history, pool, tenant, version, phase, attained_seconds, waited_ticks, ready_since_ticks, next_due_ticks, picture, changed_ticks)
            VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (history) DO UPDATE SET pool = excluded.pool, tenant = excluded.tenant, version = excluded.version, phase = excluded.phase,
                attained_seconds = excluded.attained_seconds, waited_ticks = excluded.waited_ticks,
                ready_since_ticks = excluded.ready_since_ticks, next_due_ticks = excluded.next_due_ticks,
                picture = excluded.picture, changed_ticks = excluded.changed_ticks
            """,
            SqliteType.Integer, SqliteType.Text, SqliteType.Text, SqliteType.Integer, SqliteType.Text, SqliteType.Real, SqliteType.Integer,
            SqliteType.Integer, SqliteType.Integer, SqliteType.Blob, SqliteType.Integer);
        _removeLive = connection.Prepare("DELETE FROM live WHERE history = $0", SqliteType.Integer);
    }

    /// <summary>Writes a batch in one transaction. A conflict is found before anything of that append is written, so it costs the others nothing.</summary>
    /// <param name="batch">Appends in order of arrival.</param>
    /// <param name="outcomes">[batch.Count], overwritten.</param>
    /// <exception cref="SqliteException">Nothing of the batch is visible; the commit itself may have reached the disk.</exception>
    public void Commit(List<HistoryAppend> batch, Span<AppendOutcome> outcomes)
    {
        _begin.ExecuteNonQuery();
        try
        {
            for (int i = 0; i < batch.Count; i++)
                outcomes[i] = Write(batch[i]);
            _commit.ExecuteNonQuery();
        }
        catch
        {
            TryRollBack();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SqliteCommand command in (ReadOnlySpan<SqliteCommand>)
            [_begin, _commit, _rollback, _head, _create, _advance, _insert, _reread, _setLive, _removeLive])
        {
            command.Dispose();
        }
        _connection.Dispose();
    }

    private AppendOutcome Write(HistoryAppend append)
    {
        (long id, long version) = Head(append.Key);
        if (version != append.ExpectedVersion)
            return IsThere(id, version, append) ? AppendOutcome.Committed : AppendOutcome.Conflict;
        if (id == 0)
            id = (long)_create.With(append.Key).ExecuteScalar()!;
        byte[] writer = append.Writer.ToByteArray();
        foreach (ReadOnlyMemory<byte> data in append.Events)
            _insert.With(id, ++version, writer, Bytes(data)).ExecuteNonQuery();
        _advance.With(id, version).ExecuteNonQuery();
        if (append.Live is { } live)
        {
            _setLive.With(id, live.Pool.Value, live.Tenant.Value, live.Version, live.Phase.ToString(), live.AttainedSeconds, live.Waited.Ticks,
                live.ReadySince?.Ticks, live.NextDue?.Ticks, Bytes(live.Picture), DateTimeOffset.UtcNow.UtcTicks).ExecuteNonQuery();
        }
        else
        {
            _removeLive.With(id).ExecuteNonQuery();
        }
        return AppendOutcome.Committed;
    }

    private (long Id, long Version) Head(string key)
    {
        using SqliteDataReader row = _head.With(key).ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetInt64(1)) : (0, 0);
    }

    /// <summary>Whether this very append was committed before and only its acknowledgement got lost.</summary>
    private bool IsThere(long id, long version, HistoryAppend append)
    {
        if (append.Events.IsEmpty || version < append.ExpectedVersion + append.Events.Length)
            return false;
        using SqliteDataReader rows = _reread.With(id, append.ExpectedVersion, append.Events.Length).ExecuteReader();
        foreach (ReadOnlyMemory<byte> data in append.Events)
        {
            if (!rows.Read() || new Guid(rows.GetFieldValue<byte[]>(0)) != append.Writer || !data.Span.SequenceEqual(rows.GetFieldValue<byte[]>(1)))
                return false;
        }
        return true;
    }

    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.TryGetArray(data, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : data.ToArray();

    private void TryRollBack()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite had rolled back by itself (a full disk, an I/O error). The caller drops the connection and opens a new one.
        }
    }
}
