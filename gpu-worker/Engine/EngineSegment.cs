using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>One attempt at a segment inside the engine. Made off the engine's thread, then owned by it.</summary>
internal sealed class EngineSegment
{
    private readonly RankInputs _inputs;
    private TimeSpan _waited;
    private Instant? _readySince;
    private Instant? _laneSince;

    public EngineSegment(Lease lease, SegmentWork work, SequenceKv kv, SegmentOutput output, ISegmentSink sink)
    {
        Attempt = lease.Attempt;
        _inputs = lease.Inputs;
        _waited = lease.Inputs.Waited;
        _readySince = lease.Inputs.ReadySince;
        Work = work;
        Kv = kv;
        Output = output;
        Sink = sink;
        HighWater = work.ComputedTokens;
    }

    public SegmentAttempt Attempt { get; }

    public SegmentWork Work { get; }

    public SequenceKv Kv { get; }

    public SegmentOutput Output { get; }

    public ISegmentSink Sink { get; }

    /// <summary>Blocks it is predicted to hold at its end (blocks).</summary>
    public int BlocksAtEnd => _inputs.Blocks;

    /// <summary>Place in the order, as of this step.</summary>
    public Rank Rank { get; private set; }

    /// <summary>In the batch; else it waits for memory or a slot.</summary>
    public bool Running { get; private set; }

    /// <summary>Has been in the batch before.</summary>
    public bool WasAdmitted { get; private set; }

    /// <summary>All known tokens but the newest have KV: its rows are decode rows, and forced tokens.</summary>
    public bool Decoding { get; set; }

    /// <summary>Longest prefix that has had KV somewhere: what is computed below it is computed again (tokens).</summary>
    public int HighWater { get; private set; }

    public int CachedTokens { get; private set; }

    public int RecomputedTokens { get; private set; }

    public long SwappedOutBytes { get; set; }

    public long SwappedInBytes { get; set; }

    public long MigratedBytes { get; set; }

    public double DeviceSeconds { get; set; }

    public int Preemptions { get; private set; }

    public SegmentUsage Usage => new(
        Work.ContextTokens.Length, CachedTokens, RecomputedTokens, Output.Sampled, Output.Count - Output.Sampled, SwappedOutBytes, SwappedInBytes, MigratedBytes,
        DeviceSeconds, Preemptions);

    /// <summary>Ranks with the lease's inputs, waits and remaining work brought up to date.</summary>
    public void RankNow(ISchedulingPolicy policy, int poolBlocks, Instant now)
    {
        // Remaining work shrinks as it is done, but never to nothing: the prediction may have been too low.
        double remaining = Math.Max(_inputs.RemainingSeconds - DeviceSeconds, 0.1 * _inputs.SegmentSeconds);
        Rank = policy.Rank(_inputs with { Waited = _waited, ReadySince = _laneSince ?? _readySince, RemainingSeconds = remaining }, poolBlocks, now);
    }

    /// <summary>Joins the batch with the KV that was found.</summary>
    public void Admit(Instant now)
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
        CachedTokens = Math.Min(Kv.Computed, Work.ContextTokens.Length);
    }

    /// <summary>The context it resumes is at hand, and says how much of it really had KV: fed tails may not have.</summary>
    public void Resumes(SequenceKv older)
    {
        if (older.HighWater > 0 && older.Length == Work.ComputedTokens + 1)
            HighWater = Math.Min(HighWater, older.HighWater);
    }

    /// <summary>Leaves the batch for now; its KV has been released.</summary>
    public void GiveWay(Instant now)
    {
        Running = false;
        Decoding = false;
        _readySince = now;
        Preemptions++;
    }

    /// <summary>Rows have been computed for it.</summary>
    public void Computed(int rows)
    {
        int from = Kv.Computed;
        RecomputedTokens += Math.Clamp(HighWater - from, 0, rows);
        HighWater = Math.Max(HighWater, from + rows);
    }

    /// <summary>Takes output that was not durable yet and hands it on.</summary>
    public void TakeSampled(int token)
    {
        int before = Output.Count;
        Output.Take(token);
        Output.TakeForced();
        Sink.Add(Output.Tokens[before..]);
    }

    /// <summary>Feeds what the form forces before the first draw.</summary>
    public void TakeForced()
    {
        int before = Output.Count;
        Output.TakeForced();
        if (Output.Count > before)
            Sink.Add(Output.Tokens[before..]);
    }
}
