using System.Runtime.ExceptionServices;

namespace Astraea.Worker.Kernels;

/// <summary>Work that falls into chunks which any thread may run, in any order.</summary>
internal interface IChunkedWork
{
    /// <summary>Runs one chunk.</summary>
    /// <param name="chunk">Which chunk.</param>
    /// <param name="worker">Which thread of the team, from 0: an index into per-thread scratch.</param>
    void Run(int chunk, int worker);
}

/// <summary>The caller and its persistent helpers. Helpers take chunks by compare-and-set, spin briefly when there is none, then park.</summary>
/// <remarks>
/// The caller waits for chunks that somebody holds, not for helpers: a helper the operating system does not run holds nothing up, which is what
/// keeps this usable when cores are oversubscribed. One word holds phase, next chunk and chunk count, so a helper that took a chunk knows that its
/// phase is the current one until it has finished it.
/// </remarks>
internal sealed class ThreadTeam : IDisposable
{
    private const int ChunkBits = 20;
    private const long ChunkMask = (1L << ChunkBits) - 1;
    private const int SpinsBeforeParking = 4000;
    private const int SpinsBeforeYielding = 200;

    private readonly Thread[] _helpers;
    private readonly object _parking = new();
    private IChunkedWork? _work;
    private ExceptionDispatchInfo? _failure;
    private long _ticket;
    private int _finished;
    private int _parked;
    private volatile bool _stopping;

    /// <summary>Starts the helpers.</summary>
    /// <param name="threads">Threads with the caller's own, at least 1.</param>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _helpers = new Thread[threads - 1];
        for (int i = 0; i < _helpers.Length; i++)
        {
            int worker = i + 1;
            _helpers[i] = new Thread(() => Help(worker)) { IsBackground = true, Name = $"astraea-kernel-{worker}" };
            _helpers[i].Start();
        }
    }

    /// <summary>Helpers that sleep until there is work.</summary>
    public int Parked => Volatile.Read(ref _parked);

    /// <summary>Runs all chunks and returns when they are done. One thread at a time may call.</summary>
    /// <param name="work">The work; may be the same object each time.</param>
    /// <param name="chunks">Chunks, 0 to 2^20 − 1.</param>
    /// <param name="alone">Whether the work is too small to share.</param>
    /// <exception cref="Exception">What a chunk threw first; the others have run.</exception>
    public void Run(IChunkedWork work, int chunks, bool alone = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunks, (int)ChunkMask);
        if (alone || chunks <= 1 || _helpers.Length == 0)
        {
            for (int chunk = 0; chunk < chunks; chunk++)
                work.Run(chunk, 0);
            return;
        }
        _work = work;
        _finished = 0;
        long phase = (Volatile.Read(ref _ticket) >> (2 * ChunkBits)) + 1;
        // A full fence between publishing the phase and looking for sleepers; a helper does the same the other way round before it sleeps.
        Interlocked.Exchange(ref _ticket, (phase << (2 * ChunkBits)) | (long)chunks << ChunkBits);
        if (Volatile.Read(ref _parked) > 0)
            WakeHelpers();
        TakeChunks(0);
        for (int spins = 0; Volatile.Read(ref _finished) < chunks; spins++)
        {
            if (spins < SpinsBeforeYielding)
                Thread.SpinWait(20);
            else
                Thread.Yield();
        }
        if (_failure is ExceptionDispatchInfo failure)
        {
            _failure = null;
            failure.Throw();
        }
    }

    /// <summary>Ends the helpers and waits for them.</summary>
    public void Dispose()
    {
        _stopping = true;
        WakeHelpers();
        foreach (Thread helper in _helpers)
            helper.Join();
    }

    private void Help(int worker)
    {
        int spins = 0;
        while (!_stopping)
        {
            if (TakeChunks(worker))
                spins = 0;
            else if (++spins < SpinsBeforeParking)
                Thread.SpinWait(10);
            else
            {
                Park();
                spins = 0;
            }
        }
    }

    private bool TakeChunks(int worker)
    {
        bool any = false;
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            if (!HasChunk(ticket))
                return any;
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket)
                continue;
            any = true;
            try
            {
                _work!.Run((int)(ticket & ChunkMask), worker);
            }
#pragma warning disable CA1031 // A helper must not die of a chunk; the caller rethrows.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
            Interlocked.Increment(ref _finished);
        }
    }

    private static bool HasChunk(long ticket) => (ticket & ChunkMask) < ((ticket >> ChunkBits) & ChunkMask);

    private void Park()
    {
        lock (_parking)
        {
            Interlocked.Increment(ref _parked);
            while (!_stopping && !HasChunk(Volatile.Read(ref _ticket)))
                Monitor.Wait(_parking);
            Interlocked.Decrement(ref _parked);
        }
    }

    private void WakeHelpers()
    {
        lock (_parking)
            Monitor.PulseAll(_parking);
    }
}
