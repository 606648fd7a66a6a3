using System.Net.Sockets;
using Astraea.Grains.Driver;
using Npgsql;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>Turns what the server or the driver library says into sentences that name host and database and what to do.</summary>
internal static class PostgresErrors
{
    /// <summary>Explains an error met while doing <paramref name="what"/> with the database.</summary>
    public static HistoryUnavailableException Explain(string database, string what, Exception error) =>
        new($"{database}: {what} failed, {Why(error)}.", error);

    /// <summary>The database does not hold what it must.</summary>
    public static HistoryUnavailableException Damaged(string database, string detail) =>
        new($"{database} is damaged: {detail}. Restore it from a backup.");

    /// <summary>Whether the error is one of the server, of the line, or of waiting for either.</summary>
    public static bool IsOfTheDatabase(Exception error) => error is NpgsqlException or TimeoutException or IOException or SocketException;

    private static string Why(Exception error) => error switch
    {
        PostgresException told => told.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => "the server refuses this user name or password",
            PostgresErrorCodes.InvalidCatalogName => "the server has no such database: create it first",
            PostgresErrorCodes.InsufficientPrivilege => $"this user may not do it ({told.MessageText})",
            PostgresErrorCodes.TooManyConnections => "the server has no connection left: raise max_connections",
            PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => "the server is stopping or starting",
            PostgresErrorCodes.QueryCanceled => "the server took longer than a statement may take",
            PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected => "another program holds a lock on it",
            PostgresErrorCodes.ReadOnlySqlTransaction => "the server is a read-only standby",
            PostgresErrorCodes.DiskFull => "its disk is full",
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn => $"its tables are not those of this program ({told.MessageText})",
            _ => $"the server says '{told.MessageText}' ({told.SqlState})",
        },
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => "the server did not answer in time",
        NpgsqlException { InnerException: SocketException socket } => $"the server cannot be reached ({socket.Message})",
        NpgsqlException { InnerException: IOException or ObjectDisposedException } or IOException or SocketException => "the connection to the server broke",
        _ => error.Message,
    };
}
