using System.Text;
using Astraea.Grains.Driver;

namespace Astraea.Silo.Storage;

/// <summary>
/// Keeps a second process off a history file, and remembers that the file was there: an emptied or lost database must not look like a new one.
/// </summary>
/// <remarks>The lock belongs to the open file handle, so the kernel frees it whatever way the process ends.</remarks>
internal sealed class DataFileLock : IDisposable
{
    private readonly FileStream _file;

    private DataFileLock(FileStream file, string path, string storeId)
    {
        _file = file;
        Path = path;
        StoreId = storeId;
    }

    /// <summary>The lock file.</summary>
    public string Path { get; }

    /// <summary>Identity of the store that was made here; empty before the first.</summary>
    public string StoreId { get; private set; }

    /// <summary>Takes the lock beside a database file.</summary>
    /// <exception cref="HistoryUnavailableException">Another process has it, or the folder cannot be written.</exception>
    public static DataFileLock Take(string databasePath)
    {
        string path = databasePath + ".lock";
        FileStream file;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(databasePath))!);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new HistoryUnavailableException($"History file '{databasePath}': its folder cannot be written.", e);
        }
        catch (IOException e)
        {
            throw new HistoryUnavailableException(
                $"History file '{databasePath}' is in use by another process, or its lock file '{path}' cannot be opened: {e.Message}", e);
        }
        using var reader = new StreamReader(file, Encoding.ASCII, leaveOpen: true);
        return new DataFileLock(file, path, reader.ReadToEnd().Trim());
    }

    /// <summary>Writes down which store lives here.</summary>
    public void Remember(string storeId)
    {
        if (StoreId == storeId)
            return;
        _file.SetLength(0);
        _file.Write(Encoding.ASCII.GetBytes(storeId + "\n"));
        _file.Flush(flushToDisk: true);
        StoreId = storeId;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
