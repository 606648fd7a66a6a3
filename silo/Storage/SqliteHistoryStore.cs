using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Microsoft.Data.Sqlite;

namespace Astraea.Silo.Storage;

/// <summary>Histories in one SQLite file. One thread writes; everything that waits for it shares a commit (ADR-0003).</summary>
/// <remarks>
/// A commit is a transaction in write-ahead mode with synchronous=FULL: on disk when <see cref="AppendAsync"/> returns.
/// After a failed write the connection is opened anew, so the store heals when its cause (a full disk, a lock) has gone.
/// </remarks>
public sealed class SqliteHistoryStore : IHistoryStore, IDisposable
{
    private readonly SqliteHistoryOptions _options;
    private readonly DataFileLock _lock;
    private readonly Channel<Waiting> _queue;
    private readonly SemaphoreSlim _readerSlots;
    private readonly ConcurrentBag<HistoryReader> _idleReaders = [];
    private readonly Thread _thread;
    private HistoryWriter? _writer;
    private long _appends, _commits;
    private int _disposed;

    private SqliteHistoryStore(SqliteHistoryOptions options, DataFileLock fileLock, SqliteConnection connection)
    {
        _options = options;
        _lock = fileLock;
        _writer = new HistoryWriter(connection);
        _readerSlots = new SemaphoreSlim(options.Readers);
        _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.QueuedAppendsMax) { SingleReader = true });
        _thread = new Thread(WriteUntilClosed) { IsBackground = true, Name = "history writer" };
        _thread.Start();
    }

    /// <summary>Appends answered so far, conflicts included.</summary>
    public long Appends => Interlocked.Read(ref _appends);

    /// <summary>Transactions committed for them so far.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Opens or makes the file, checks it, brings it to the newest schema, and begins to write.</summary>
    /// <exception cref="HistoryUnavailableException">In use, damaged, foreign, or written by a newer version; the message names the file.</exception>
    public static SqliteHistoryStore Open(SqliteHistoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        DataFileLock? fileLock = null;
        SqliteConnection? connection = null;
        try
        {
            fileLock = DataFileLock.Take(options.Path);
            HistorySchema.CheckLength(options.Path);
            connection = HistoryConnection.OpenWriter(options);
            fileLock.Remember(HistorySchema.Prepare(connection, options.Path, fileLock.StoreId, HistorySchema.Steps));
            return new SqliteHistoryStore(options, fileLock, connection);
        }
        catch (Exception e)
        {
            connection?.Dispose();
            fileLock?.Dispose();
            if (e is SqliteException error)
                throw StoreErrors.Explain(options.Path, "opening", error);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Cancelling helps only until the writer has taken the append; then its outcome is awaited.</remarks>
    public async Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(append);
        ArgumentException.ThrowIfNullOrEmpty(append.Key);
        ArgumentOutOfRangeException.ThrowIfNegative(append.ExpectedVersion);
        if (append.Live is { } live && live.Key != append.Key)
            throw new ArgumentException($"The live row is of '{live.Key}', the append of '{append.Key}'.", nameof(append));
        var waiting = new Waiting(append, cancellation);
        try
        {
            await _queue.Writer.WriteAsync(waiting, cancellation);
        }
        catch (ChannelClosedException e)
        {
            throw new HistoryUnavailableException($"History file '{_options.Path}' is closed.", e);
        }
        return await waiting.Outcome.Task;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation) =>
        WithReader(reader => reader.Events(key, after, max), cancellation);

    /// <inheritdoc/>
    public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation) => WithReader(reader => reader.Live(pool), cancellation);

    /// <inheritdoc/>
    public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation) =>
        WithReader(reader => reader.Changed(pool, since), cancellation);

    /// <summary>Commits what waits, folds the log into the file, and lets go of it. No read may be under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _queue.Writer.Complete();
        _thread.Join();
        while (_idleReaders.TryTake(out HistoryReader? reader))
            reader.Dispose();
        // Last: closing the last connection folds the write-ahead log into the file.
        _writer?.Dispose();
        _readerSlots.Dispose();
        _lock.Dispose();
    }

    private async Task<T> WithReader<T>(Func<HistoryReader, T> read, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        await _readerSlots.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => Read(read), cancellation);
        }
        finally
        {
            _readerSlots.Release();
        }
    }

    private T Read<T>(Func<HistoryReader, T> read)
    {
        HistoryReader? reader = null;
        try
        {
            if (!_idleReaders.TryTake(out reader))
                reader = new HistoryReader(_options.Path, HistoryConnection.OpenReader(_options));
            T result = read(reader);
            _idleReaders.Add(reader);
            return result;
        }
        catch (SqliteException e)
        {
            reader?.Dispose();
            throw StoreErrors.Explain(_options.Path, "reading", e);
        }
        catch (HistoryUnavailableException)
        {
            reader?.Dispose();
            throw;
        }
    }

    private void WriteUntilClosed()
    {
        var batch = new List<Waiting>();
        var appends = new List<HistoryAppend>();
        long lastCommit = Stopwatch.GetTimestamp() - Stopwatch.Frequency;
        while (WaitForAppends())
        {
            TimeSpan early = TimeSpan.FromMilliseconds(_options.CommitIntervalMs) - Stopwatch.GetElapsedTime(lastCommit);
            if (early > TimeSpan.Zero)
                Thread.Sleep(early);
            lastCommit = Stopwatch.GetTimestamp();
            batch.Clear();
            appends.Clear();
            while (batch.Count < _options.AppendsPerCommitMax && _queue.Reader.TryRead(out Waiting? next))
            {
                if (next.Cancellation.IsCancellationRequested)
                {
                    next.Outcome.TrySetCanceled(next.Cancellation);
                    continue;
                }
                batch.Add(next);
                appends.Add(next.Append);
            }
            if (batch.Count > 0)
                Commit(batch, appends);
        }
    }

    // A thread of its own may block: a pool thread that waits for the disk would be missed by the engine and the gateway.
    private bool WaitForAppends() => _queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    private void Commit(List<Waiting> batch, List<HistoryAppend> appends)
    {
        var outcomes = new AppendOutcome[batch.Count];
        try
        {
            _writer ??= new HistoryWriter(HistoryConnection.OpenWriter(_options));
            _writer.Commit(appends, outcomes);
        }
        catch (Exception e)
        {
            DropWriter();
            HistoryUnavailableException failure = e is SqliteException error
                ? StoreErrors.Explain(_options.Path, "appending", error)
                : new HistoryUnavailableException($"History file '{_options.Path}': appending failed, {e.Message}", e);
            foreach (Waiting waiting in batch)
                waiting.Outcome.TrySetException(failure);
            return;
        }
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _appends, batch.Count);
        for (int i = 0; i < batch.Count; i++)
            batch[i].Outcome.TrySetResult(outcomes[i]);
    }

    private void DropWriter()
    {
        HistoryWriter? broken = _writer;
        _writer = null;
        try
        {
            broken?.Dispose();
        }
        catch (SqliteException)
        {
            // What could not be written on closing stays in the write-ahead log, where the next connection finds it.
        }
    }

    private sealed record Waiting(HistoryAppend Append, CancellationToken Cancellation)
    {
        /// <summary>Continuations run elsewhere: the writer's thread goes on to the next commit.</summary>
        public TaskCompletionSource<AppendOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
