using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Microsoft.Data.Sqlite;

namespace Astraea.Silo.Storage;

/// <summary>Reads through a connection of its own. One caller at a time.</summary>
internal sealed class HistoryReader : IDisposable
{
    // A row has its time before its commit, and a commit may wait for a foreign lock and a slow disk.
    private static readonly TimeSpan s_changeMargin = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _events, _live, _changed;

    public HistoryReader(string path, SqliteConnection connection)
    {
        _path = path;
        _connection = connection;
        _events = connection.Prepare(
            """
            SELECT event.version, event.data FROM event JOIN history ON history.id = event.history
            WHERE history.key = $0 AND event.version > $1 ORDER BY event.version LIMIT $2
            """,
            SqliteType.Text, SqliteType.Integer, SqliteType.Integer);
        _live = connection.Prepare(
            """
            SELECT key, pool, tenant, live.version, phase, attained_seconds, waited_ticks, ready_since_ticks, next_due_ticks, picture
            FROM live JOIN history ON history.id = live.history WHERE $0 IS NULL OR pool = $0 ORDER BY live.history
            """,
            SqliteType.Text);
        _changed = connection.Prepare(
            """
            SELECT key, pool, tenant, live.version, phase, attained_seconds, waited_ticks, ready_since_ticks, next_due_ticks, picture
            FROM live JOIN history ON history.id = live.history WHERE pool = $0 AND changed_ticks >= $1 ORDER BY live.history
            """,
            SqliteType.Text, SqliteType.Integer);
    }

    public ImmutableArray<StoredEvent> Events(string key, long after, int max)
    {
        ImmutableArray<StoredEvent>.Builder events = ImmutableArray.CreateBuilder<StoredEvent>();
        using SqliteDataReader rows = _events.With(key, after, max).ExecuteReader();
        while (rows.Read())
        {
            long version = rows.GetInt64(0);
            if (version != after + events.Count + 1)
                throw StoreErrors.Damaged(_path, $"history '{key}' lacks event {after + events.Count + 1}");
            events.Add(new StoredEvent(version, rows.GetFieldValue<byte[]>(1)));
        }
        return events.DrainToImmutable();
    }

    public ImmutableArray<LiveRow> Live(PoolId? pool) => Rows(_live.With(pool?.Value));

    public LiveChanges Changed(PoolId pool, DateTimeOffset since)
    {
        DateTimeOffset mark = DateTimeOffset.UtcNow - s_changeMargin;
        return new LiveChanges(Rows(_changed.With(pool.Value, since.UtcTicks)), mark);
    }

    private ImmutableArray<LiveRow> Rows(SqliteCommand command)
    {
        ImmutableArray<LiveRow>.Builder live = ImmutableArray.CreateBuilder<LiveRow>();
        using SqliteDataReader rows = command.ExecuteReader();
        while (rows.Read())
        {
            string key = rows.GetString(0);
            if (!Enum.TryParse(rows.GetString(4), out RequestPhase phase))
                throw StoreErrors.Damaged(_path, $"the live row of '{key}' has the unknown phase '{rows.GetString(4)}'");
            live.Add(new LiveRow(key, new PoolId(rows.GetString(1)), new TenantId(rows.GetString(2)), rows.GetInt64(3), phase, rows.GetDouble(5),
                TimeSpan.FromTicks(rows.GetInt64(6)), Moment(rows, 7), Moment(rows, 8), rows.GetFieldValue<byte[]>(9)));
        }
        return live.DrainToImmutable();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _events.Dispose();
        _live.Dispose();
        _changed.Dispose();
        _connection.Dispose();
    }

    private static Instant? Moment(SqliteDataReader rows, int column) => rows.IsDBNull(column) ? null : new Instant(rows.GetInt64(column));
}
