using Astraea.Grains.Driver;
using Microsoft.Data.Sqlite;

namespace Astraea.Silo.Storage;

/// <summary>Turns what SQLite says into sentences that name the file and what to do.</summary>
internal static class StoreErrors
{
    // Primary result codes: https://www.sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, ReadOnly = 8, IoError = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26;

    /// <summary>Explains an error met while doing <paramref name="what"/> with the file.</summary>
    public static HistoryUnavailableException Explain(string path, string what, SqliteException error)
    {
        string why = error.SqliteErrorCode switch
        {
            Busy or Locked => "another program holds a lock on it",
            ReadOnly => "the file or its folder is read-only",
            IoError => $"the disk reported an error ({error.SqliteExtendedErrorCode})",
            Corrupt => "it is damaged: restore it from a backup",
            Full => "the disk, or the limit set for the file, is full",
            CannotOpen => "it cannot be opened: check that the folder exists and may be written",
            NotADatabase => "it is damaged or no SQLite database: restore it from a backup",
            _ => error.Message,
        };
        return new HistoryUnavailableException($"History file '{path}': {what} failed, {why}.", error);
    }

    /// <summary>The file does not hold what it must.</summary>
    public static HistoryUnavailableException Damaged(string path, string detail) =>
        new($"History file '{path}' is damaged: {detail}. Restore it from a backup.");
}
