namespace Astraea.Silo.Storage.Postgres;

/// <summary>Where and how a cluster keeps its histories.</summary>
public sealed record PostgresHistoryOptions
{
    /// <summary>Connection string in Npgsql's form. Schema, timeouts and durability are set by the store.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Least time from the start of one commit to the start of the next (ms). Default 2, 0 to 10. What arrives meanwhile shares the next commit; an idle store commits at once.</summary>
    public int CommitIntervalMs { get; init; } = 2;

    /// <summary>Appends in one transaction at most. Default 1,024.</summary>
    public int AppendsPerCommitMax { get; init; } = 1024;

    /// <summary>Event bytes in one transaction, beyond which no further append joins it (By). Default 16 MiB.</summary>
    public long BytesPerCommitMax { get; init; } = 16L << 20;

    /// <summary>Appends that may wait; further callers wait for room. Default 8,192.</summary>
    public int QueuedAppendsMax { get; init; } = 8192;

    /// <summary>Reads at a time; each has a connection. Default 4.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>How long the server may work on one statement, or wait for the next one inside a transaction (s). Default 5, 1 to 10.</summary>
    public int StatementTimeoutSeconds { get; init; } = 5;

    /// <summary>How long a connection may take to be made (s), unless the connection string says otherwise. Default 5, at least 1.</summary>
    public int ConnectTimeoutSeconds { get; init; } = 5;

    /// <summary>Throws when a value is out of its range.</summary>
    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ConnectionString);
        ArgumentOutOfRangeException.ThrowIfNegative(CommitIntervalMs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CommitIntervalMs, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(AppendsPerCommitMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BytesPerCommitMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueuedAppendsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Readers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(StatementTimeoutSeconds, 1);
        // The margin of a mark (PostgresHistoryReader) counts on it.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(StatementTimeoutSeconds, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectTimeoutSeconds, 1);
    }
}
