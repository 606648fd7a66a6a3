using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Npgsql;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>Histories and scheduler epochs of a cluster in one PostgreSQL database. One loop of each process writes; everything that waits for it shares a commit (ADR-0005).</summary>
/// <remarks>
/// A commit runs with synchronous_commit=on: it is in the server's log on disk when <see cref="AppendAsync"/> returns. Processes are fenced from each other
/// by the version of each history. After a failed batch the connection is made anew, at once the first time and with growing pauses while that fails.
/// </remarks>
public sealed class PostgresHistoryStore : IHistoryStore, ISchedulerEpochs, IAsyncDisposable
{
    private static readonly TimeSpan s_pauseMax = TimeSpan.FromSeconds(2);
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly PostgresHistoryOptions _options;
    private readonly PostgresDatabase _database;
    private readonly PostgresHistoryReader _reader;
    private readonly SemaphoreSlim _readerSlots;
    private readonly Channel<Waiting> _queue;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _loop;
    private PostgresWriter? _writer;
    private TimeSpan _pause;
    private long _appends, _commits;
    private int _disposed;

    private PostgresHistoryStore(PostgresHistoryOptions options, PostgresDatabase database, PostgresWriter writer)
    {
        _options = options;
        _database = database;
        _reader = new PostgresHistoryReader(database);
        _writer = writer;
        _readerSlots = new SemaphoreSlim(options.Readers);
        _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.QueuedAppendsMax) { SingleReader = true });
        _loop = Task.Run(WriteUntilClosedAsync);
    }

    /// <summary>Appends answered so far, conflicts included.</summary>
    public long Appends => Interlocked.Read(ref _appends);

    /// <summary>Transactions committed for them so far.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Connects, brings the database to the newest schema, and begins to write.</summary>
    /// <exception cref="HistoryUnavailableException">It cannot be reached or used; the message names host and database, never the password.</exception>
    public static async Task<PostgresHistoryStore> OpenAsync(PostgresHistoryOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        PostgresDatabase database = new(options);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await database.ConnectWriterAsync(cancellation);
            await PostgresSchema.PrepareAsync(connection, database.Name, PostgresSchema.Steps, cancellation);
            return new PostgresHistoryStore(options, database, new PostgresWriter(connection));
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            await database.DisposeAsync();
            if (PostgresErrors.IsOfTheDatabase(e))
                throw PostgresErrors.Explain(database.Name, "opening", e);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Cancelling helps only until the writer has taken the append; then its outcome is awaited.</remarks>
    public async Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation)
    {
        Check(append);
        var waiting = new Waiting(append, cancellation);
        try
        {
            await _queue.Writer.WriteAsync(waiting, cancellation);
        }
        catch (ChannelClosedException e)
        {
            throw new HistoryUnavailableException($"{_database.Name}: this process has closed it.", e);
        }
        return await waiting.Outcome.Task;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation) =>
        WithReader(reader => reader.EventsAsync(key, after, max, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation) =>
        WithReader(reader => reader.LiveAsync(pool, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation) =>
        WithReader(reader => reader.ChangedAsync(pool, since, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<long> TakeAsync(PoolId pool, CancellationToken cancellation) => WithReader(reader => reader.TakeEpochAsync(pool, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<long> CurrentAsync(PoolId pool, CancellationToken cancellation) => WithReader(reader => reader.CurrentEpochAsync(pool, cancellation), cancellation);

    /// <summary>Commits what waits and lets go of the database. No read may be under way.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _queue.Writer.Complete();
        // What waits is tried once more, without pauses.
        await _closing.CancelAsync();
        await _loop;
        await DropWriterAsync();
        await _database.DisposeAsync();
        _readerSlots.Dispose();
        _closing.Dispose();
    }

    /// <summary>What would spoil the statement of a whole batch is the mistake of one caller.</summary>
    private static void Check(HistoryAppend append)
    {
        ArgumentNullException.ThrowIfNull(append);
        ArgumentException.ThrowIfNullOrEmpty(append.Key);
        ArgumentOutOfRangeException.ThrowIfNegative(append.ExpectedVersion);
        CheckText(append.Key);
        if (append.Live is not { } live)
            return;
        if (live.Key != append.Key)
            throw new ArgumentException($"The live row is of '{live.Key}', the append of '{append.Key}'.", nameof(append));
        CheckText(live.Pool.Value);
        CheckText(live.Tenant.Value);
    }

    private static void CheckText(string text)
    {
        try
        {
            if (!text.Contains('\0', StringComparison.Ordinal) && s_strict.GetByteCount(text) >= 0)
                return;
        }
        catch (EncoderFallbackException)
        {
            // Told below.
        }
        throw new ArgumentException("The database keeps no text with a zero character or half of a surrogate pair.", nameof(text));
    }

    private async Task<T> WithReader<T>(Func<PostgresHistoryReader, Task<T>> read, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        // The pool has as many connections; waiting for one there would end with an error.
        await _readerSlots.WaitAsync(cancellation);
        try
        {
            return await read(_reader);
        }
        catch (Exception e) when (PostgresErrors.IsOfTheDatabase(e))
        {
            throw PostgresErrors.Explain(_database.Name, "reading", e);
        }
        finally
        {
            _readerSlots.Release();
        }
    }

    private async Task WriteUntilClosedAsync()
    {
        var batch = new List<Waiting>();
        long lastCommit = Stopwatch.GetTimestamp() - Stopwatch.Frequency;
        while (await _queue.Reader.WaitToReadAsync())
        {
            await PauseAsync(TimeSpan.FromMilliseconds(_options.CommitIntervalMs) - Stopwatch.GetElapsedTime(lastCommit));
            lastCommit = Stopwatch.GetTimestamp();
            Collect(batch);
            if (batch.Count > 0)
                await CommitAsync(batch);
        }
    }

    private void Collect(List<Waiting> batch)
    {
        batch.Clear();
        long bytes = 0;
        while (batch.Count < _options.AppendsPerCommitMax && bytes < _options.BytesPerCommitMax && _queue.Reader.TryRead(out Waiting? next))
        {
            if (next.Cancellation.IsCancellationRequested)
            {
                next.Outcome.TrySetCanceled(next.Cancellation);
                continue;
            }
            batch.Add(next);
            foreach (ReadOnlyMemory<byte> data in next.Append.Events)
                bytes += data.Length;
        }
    }

    private async Task CommitAsync(List<Waiting> batch)
    {
        AppendOutcome[] outcomes;
        try
        {
            // Nothing was sent through a connection that is known to be gone, so a new one costs nobody an error.
            if (_writer is { IsBroken: true })
                await DropWriterAsync();
            _writer ??= await ReconnectAsync();
            outcomes = await _writer.CommitAsync(batch.ConvertAll(waiting => waiting.Append));
            _pause = TimeSpan.Zero;
        }
        catch (Exception e)
        {
            await DropWriterAsync();
            HistoryUnavailableException failure = PostgresErrors.Explain(_database.Name, "appending", e);
            foreach (Waiting waiting in batch)
                waiting.Outcome.TrySetException(failure);
            return;
        }
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _appends, batch.Count);
        for (int i = 0; i < batch.Count; i++)
            batch[i].Outcome.TrySetResult(outcomes[i]);
    }

    /// <summary>At once after a first failure, then with pauses that double, so that a server that comes back is not overrun.</summary>
    private async Task<PostgresWriter> ReconnectAsync()
    {
        await PauseAsync(_pause);
        _pause = _pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, s_pauseMax.Ticks));
        return new PostgresWriter(await _database.ConnectWriterAsync(CancellationToken.None));
    }

    private async Task PauseAsync(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            await Task.Delay(time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task DropWriterAsync()
    {
        PostgresWriter? broken = _writer;
        _writer = null;
        if (broken is null)
            return;
        try
        {
            await broken.DisposeAsync();
        }
        catch (Exception)
        {
            // Saying goodbye failed; the server notices by itself, and the loop must go on whatever it was.
        }
    }

    private sealed record Waiting(HistoryAppend Append, CancellationToken Cancellation)
    {
        /// <summary>Continuations run elsewhere: the loop goes on to the next commit.</summary>
        public TaskCompletionSource<AppendOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
