namespace Astraea.Silo.Storage;

/// <summary>Where and how an embedded silo keeps its histories.</summary>
public sealed record SqliteHistoryOptions
{
    /// <summary>The database file. Its folder is made when absent; a lock file and SQLite's write-ahead log stand beside it.</summary>
    public required string Path { get; init; }

    /// <summary>Least time from the start of one commit to the start of the next (ms). Default 2, 0 to 10. What arrives meanwhile shares the next commit; an idle store commits at once.</summary>
    public int CommitIntervalMs { get; init; } = 2;

    /// <summary>Appends in one transaction at most. Default 1,024.</summary>
    public int AppendsPerCommitMax { get; init; } = 1024;

    /// <summary>Appends that may wait; further callers wait for room. Default 8,192.</summary>
    public int QueuedAppendsMax { get; init; } = 8192;

    /// <summary>Reads at a time; each has a connection. Default 2.</summary>
    public int Readers { get; init; } = 2;

    /// <summary>How long a statement waits for a lock that a foreign program holds (s). Default 5, at least 1.</summary>
    public int LockTimeoutSeconds { get; init; } = 5;

    /// <summary>Largest database file (By); beyond it appends fail as on a full disk. Default 0: as large as the disk allows.</summary>
    public long BytesMax { get; init; }

    /// <summary>Throws when a value is out of its range.</summary>
    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Path);
        ArgumentOutOfRangeException.ThrowIfNegative(CommitIntervalMs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CommitIntervalMs, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(AppendsPerCommitMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueuedAppendsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Readers, 1);
        // The driver library reads a timeout of zero as "for ever".
        ArgumentOutOfRangeException.ThrowIfLessThan(LockTimeoutSeconds, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(BytesMax);
    }
}
