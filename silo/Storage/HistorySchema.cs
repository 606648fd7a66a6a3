using System.Globalization;
using Astraea.Grains.Driver;
using Microsoft.Data.Sqlite;

namespace Astraea.Silo.Storage;

/// <summary>The tables, and the steps that bring an older file up to them.</summary>
internal static class HistorySchema
{
    // "ASTR": tells our files from SQLite files of other programs.
    private const long ApplicationId = 0x41535452;

    /// <summary>Step n (from 0) makes version n + 1. A released step never changes; a new shape is a new step.</summary>
    /// <remarks>
    /// Events have rowids on purpose: appends of all requests then fill the same last page, so a group commit writes few pages;
    /// clustering by history would touch a page for each request.
    /// </remarks>
    public static IReadOnlyList<string> Steps { get; } =
    [
        """
        CREATE TABLE history (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL);
        CREATE TABLE event (history INTEGER NOT NULL, version INTEGER NOT NULL, writer BLOB NOT NULL, data BLOB NOT NULL);
        CREATE UNIQUE INDEX event_order ON event (history, version);
        CREATE TABLE live (
            history INTEGER PRIMARY KEY, pool TEXT NOT NULL, tenant TEXT NOT NULL, version INTEGER NOT NULL, phase TEXT NOT NULL,
            attained_seconds REAL NOT NULL, waited_ticks INTEGER NOT NULL, ready_since_ticks INTEGER, next_due_ticks INTEGER);
        CREATE INDEX live_pool ON live (pool);
        """,
        """
        ALTER TABLE live ADD COLUMN picture BLOB NOT NULL DEFAULT x'';
        ALTER TABLE live ADD COLUMN changed_ticks INTEGER NOT NULL DEFAULT 0;
        """,
    ];

    /// <summary>Checks that the file is sound and ours, and brings it to the newest version.</summary>
    /// <returns>Identity of the store, made with it.</returns>
    /// <exception cref="HistoryUnavailableException">Damaged, foreign, or written by a newer version.</exception>
    public static string Prepare(SqliteConnection connection, string path, string rememberedId, IReadOnlyList<string> steps)
    {
        long version = CurrentVersion(connection, path);
        if (version == 0 && rememberedId.Length > 0)
        {
            throw StoreErrors.Damaged(path,
                $"it is empty or missing, but '{path}.lock' says that histories were kept here (to begin afresh, delete both files)");
        }
        if (version > steps.Count)
        {
            throw new HistoryUnavailableException(
                $"History file '{path}' has schema version {version}; this program knows versions up to {steps.Count}. Start the newer program.");
        }
        if (version > 0)
            CheckPages(connection, path);
        using SqliteTransaction transaction = connection.BeginTransaction();
        if (version == 0)
        {
            connection.Execute($"PRAGMA application_id = {ApplicationId}");
            connection.Execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY)");
            connection.Execute("CREATE TABLE store (id TEXT NOT NULL)");
            connection.Execute($"INSERT INTO store VALUES ('{Guid.NewGuid():N}')");
        }
        for (; version < steps.Count; version++)
        {
            connection.Execute(steps[(int)version]);
            connection.Execute($"INSERT INTO schema_version VALUES ({version + 1})");
        }
        string id = (string?)connection.Scalar("SELECT id FROM store") ?? throw StoreErrors.Damaged(path, "it has lost its identity");
        transaction.Commit();
        return id;
    }

    /// <summary>Refuses a file that ends inside a page: SQLite would read the missing bytes as zeros.</summary>
    /// <remarks>With a write-ahead log beside it the last page may be a torn checkpoint, which the log repairs.</remarks>
    public static void CheckLength(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length % HistoryConnection.PageBytes != 0 && !(new FileInfo(path + "-wal") is { Exists: true, Length: > 0 }))
            throw StoreErrors.Damaged(path, $"its {file.Length} bytes are no whole number of pages, or it is no SQLite database");
    }

    private static long CurrentVersion(SqliteConnection connection, string path)
    {
        bool empty = Number(connection, "SELECT count(*) FROM sqlite_schema") == 0;
        if (empty)
            return 0;
        if (Number(connection, "PRAGMA application_id") != ApplicationId)
            throw new HistoryUnavailableException($"'{path}' is an SQLite database of another program; nothing was changed. Name another file.");
        return Number(connection, "SELECT coalesce(max(version), 0) FROM schema_version");
    }

    private static void CheckPages(SqliteConnection connection, string path)
    {
        if ((string?)connection.Scalar("PRAGMA quick_check(1)") is var answer && answer != "ok")
            throw StoreErrors.Damaged(path, answer ?? "its pages cannot be checked");
    }

    private static long Number(SqliteConnection connection, string sql) => Convert.ToInt64(connection.Scalar(sql), CultureInfo.InvariantCulture);

    private static void Execute(this SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(this SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
