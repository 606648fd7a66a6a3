using Microsoft.Data.Sqlite;

namespace Astraea.Silo.Storage;

/// <summary>Opens connections with the settings the store's promises rest on.</summary>
internal static class HistoryConnection
{
    /// <summary>Size of a database page, SQLite's default (By).</summary>
    public const int PageBytes = 4096;

    // The log is cut back to this after a checkpoint, so that one burst does not hold the disk for ever.
    private const long LogBytesKept = 64L << 20;

    /// <summary>A connection that may write. WAL with synchronous=FULL: a commit has reached the disk when it returns.</summary>
    public static SqliteConnection OpenWriter(SqliteHistoryOptions options)
    {
        SqliteConnection connection = Open(options, SqliteOpenMode.ReadWriteCreate);
        try
        {
            Pragma(connection, "journal_mode = WAL");
            Pragma(connection, "synchronous = FULL");
            Pragma(connection, $"journal_size_limit = {LogBytesKept}");
            if (options.BytesMax > 0)
                Pragma(connection, $"max_page_count = {Math.Max(1, options.BytesMax / PageBytes)}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection that only reads; it sees what was committed when a statement begins.</summary>
    public static SqliteConnection OpenReader(SqliteHistoryOptions options)
    {
        SqliteConnection connection = Open(options, SqliteOpenMode.ReadWrite);
        Pragma(connection, "query_only = 1");
        return connection;
    }

    /// <summary>A command with parameters named $0, $1, … that is compiled once and used again.</summary>
    public static SqliteCommand Prepare(this SqliteConnection connection, string sql, params ReadOnlySpan<SqliteType> types)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < types.Length; i++)
            command.Parameters.Add($"${i}", types[i]);
        return command;
    }

    /// <summary>Sets the parameters of a prepared command, in order.</summary>
    public static SqliteCommand With(this SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    private static SqliteConnection Open(SqliteHistoryOptions options, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.Path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = options.LockTimeoutSeconds,
        }.ToString());
        connection.Open();
        return connection;
    }

    private static void Pragma(SqliteConnection connection, string setting)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA " + setting;
        command.ExecuteNonQuery();
    }
}
