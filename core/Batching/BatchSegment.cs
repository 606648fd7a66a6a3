using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Batching;

/// <summary>One attempt at a segment inside a worker, as far as its batch is concerned.</summary>
/// <typeparam name="TKv">Its context's KV.</typeparam>
public abstract class BatchSegment<TKv> where TKv : class, IContextKv
{
    private readonly RankInputs _inputs;
    private TimeSpan _waited;
    private Instant? _readySince;
    private Instant? _laneSince;

    /// <summary>A segment that waits to be let in.</summary>
    /// <param name="lease">The scheduler's offer.</param>
    /// <param name="category">Kind of agent.</param>
    /// <param name="kv">Its context; holds nothing yet.</param>
    /// <param name="computedBefore">Longest prefix that has had KV somewhere (tokens).</param>
    protected BatchSegment(Lease lease, string category, TKv kv, int computedBefore)
    {
        Attempt = lease.Attempt;
        Category = category;
        _inputs = lease.Inputs;
        _waited = lease.Inputs.Waited;
        _readySince = lease.Inputs.ReadySince;
        Kv = kv;
        ComputedBefore = HighWater = computedBefore;
    }

    /// <summary>Which attempt.</summary>
    public SegmentAttempt Attempt { get; }

    /// <summary>Kind of agent.</summary>
    public string Category { get; }

    /// <summary>Its context.</summary>
    public TKv Kv { get; }

    /// <summary>Input tokens of the segment (tokens).</summary>
    public abstract int InputTokens { get; }

    /// <summary>Whether rows may be computed for it; else it pauses, and its memory may still be taken.</summary>
    public virtual bool MayCompute => true;

    /// <summary>Blocks it is predicted to hold at its end (blocks).</summary>
    public int BlocksAtEnd => _inputs.Blocks;

    /// <summary>Share of its recent life that its agent waited for tools, as the lease said, 0 to 1.</summary>
    public double Idleness => _inputs.Idleness;

    /// <summary>Device seconds its agent has had, in this segment and before (s).</summary>
    public double ModelSeconds => _inputs.AttainedSeconds + DeviceSeconds;

    /// <summary>Place in the order, as of this step.</summary>
    public Rank Rank { get; private set; }

    /// <summary>In the batch; else it waits for memory or a slot.</summary>
    public bool Running { get; internal set; }

    /// <summary>Has been in the batch before.</summary>
    public bool WasAdmitted { get; private set; }

    /// <summary>All known tokens but the newest have KV: its rows are decode rows, and forced tokens.</summary>
    public bool Decoding { get; set; }

    /// <summary>Longest prefix that has had KV somewhere when it was leased (tokens).</summary>
    public int ComputedBefore { get; }

    /// <summary>Longest prefix that has had KV somewhere: what is computed below it is computed again (tokens).</summary>
    public int HighWater { get; private set; }

    /// <summary>Input tokens whose KV was found (tokens).</summary>
    public int CachedTokens { get; private set; }

    /// <summary>Tokens computed again (tokens).</summary>
    public int RecomputedTokens { get; private set; }

    /// <summary>Copied to the host tier (By).</summary>
    public long SwappedOutBytes { get; internal set; }

    /// <summary>Copied back (By).</summary>
    public long SwappedInBytes { get; internal set; }

    /// <summary>Came from another worker (By).</summary>
    public long MigratedBytes { get; internal set; }

    /// <summary>Its share of the steps it took part in (s).</summary>
    public double DeviceSeconds { get; private set; }

    /// <summary>Times it was set aside.</summary>
    public int Preemptions { get; private set; }

    /// <summary>Ranks with the lease's inputs, waits and remaining work brought up to date.</summary>
    internal void RankNow(ISchedulingPolicy policy, int poolBlocks, Instant now)
    {
        // Remaining work shrinks as it is done, but never to nothing: the prediction may have been too low.
        double remaining = Math.Max(_inputs.RemainingSeconds - DeviceSeconds, 0.1 * _inputs.SegmentSeconds);
        RankInputs inputs = _inputs with
        {
            Waited = _waited, ReadySince = _laneSince ?? _readySince, RemainingSeconds = remaining, ServedSeconds = DeviceSeconds,
        };
        Rank = policy.Rank(inputs, poolBlocks, now);
    }

    /// <summary>Joins the batch with the KV that was found.</summary>
    internal void Admit(Instant now)
    {
        if (_readySince is { } since && now > since)
            _waited += now - since;
        // Whoever was let in by the guard lane stays in it to its end: set aside again, it would wait all over.
        if (Rank.Band == Rank.GuardBand)
            _laneSince ??= _readySince;
        _readySince = null;
        Running = true;
        if (WasAdmitted)
            return;
        WasAdmitted = true;
        CachedTokens = Math.Min(Kv.Computed, InputTokens);
    }

    /// <summary>The context it resumes is at hand, and says how much of it really had KV: fed tails may not have.</summary>
    internal void Resumes(TKv older)
    {
        if (older.HighWater > 0 && older.Length == ComputedBefore + 1)
            HighWater = Math.Min(HighWater, older.HighWater);
    }

    /// <summary>Leaves the batch for now; its KV has been released.</summary>
    internal void GiveWay(Instant now)
    {
        Running = false;
        Decoding = false;
        _readySince = now;
        Preemptions++;
    }

    /// <summary>Rows have been computed for it; its KV does not say so yet.</summary>
    /// <returns>Of the rows, those computed again (tokens).</returns>
    internal int Computed(int rows, double seconds)
    {
        int from = Kv.Computed;
        int again = Math.Clamp(HighWater - from, 0, rows);
        RecomputedTokens += again;
        HighWater = Math.Max(HighWater, from + rows);
        DeviceSeconds += seconds;
        return again;
    }
}
