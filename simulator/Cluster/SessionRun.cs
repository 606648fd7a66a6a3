using Astraea.Core;
using Astraea.Core.Determinism;
using Astraea.Core.Lifecycle;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>A session while it is lived through: which job and segment it is at, and what has been counted of the job.</summary>
internal sealed class SessionRun(SimulatedSession session, int index, HardwareProfile hardware)
{
    private int _contextEnd;
    private int _computed;

    public SimulatedSession Session { get; } = session;

    public int Index { get; } = index;

    public int Job { get; private set; } = -1;

    public int Segment { get; private set; }

    /// <summary>Segments of the whole session up to this one, itself not counted.</summary>
    public int Ordinal { get; private set; } = -1;

    public SimulatedRequest? Request { get; private set; }

    /// <summary>The request of the job before, whose KV this job goes on from.</summary>
    public RequestId? Parent { get; private set; }

    /// <summary>The segment it is at.</summary>
    public ref readonly SimulatedSegment Current => ref Session.Jobs[Job].Segments.ItemRef(Segment);

    /// <summary>Input of the segment (tokens).</summary>
    public int InputTokens { get; private set; }

    /// <summary>Isolated service of the segment (s).</summary>
    public double SegmentIsolated { get; private set; }

    public bool LastSegment => Segment == Session.Jobs[Job].Segments.Length - 1;

    public bool LastJob => Job == Session.Jobs.Length - 1;

    public Instant ArrivedAt { get; private set; }

    /// <summary>Since when it is ready and not in a batch; null while it is.</summary>
    public Instant? WaitsSince { get; set; }

    public double Isolated { get; private set; }

    public double Waited { get; private set; }

    public double LongestWait { get; private set; }

    public double LongestWaitIsolated { get; private set; }

    public long Recomputed { get; set; }

    /// <summary>The next job arrives.</summary>
    public SimulatedRequest Arrive(string category, Instant now)
    {
        Parent = Request?.Id;
        Job++;
        Segment = 0;
        ArrivedAt = now;
        (Isolated, Waited, LongestWait, LongestWaitIsolated, Recomputed) = (0, 0, 0, 0, 0);
        ulong name = StableHash.Join(StableHash.Of(Session.Id), StableHash.Of(Index));
        Request = new SimulatedRequest(
            new RequestId(new UInt128(StableHash.Join(name, StableHash.Of(Job)), name)), new TenantId(Session.Tenant), category, Parent);
        Enter(now);
        return Request;
    }

    /// <summary>The tool has answered: the next segment of the job.</summary>
    public void Advance(Instant now)
    {
        Segment++;
        Enter(now);
    }

    /// <summary>It has come into a batch.</summary>
    public void Runs(Instant now)
    {
        if (WaitsSince is not { } since)
            return;
        WaitsSince = null;
        double waited = (now - since).TotalSeconds;
        Waited += waited;
        if (waited <= LongestWait)
            return;
        LongestWait = waited;
        LongestWaitIsolated = SegmentIsolated;
    }

    /// <summary>The segment is complete.</summary>
    public void EndSegment()
    {
        Isolated += SegmentIsolated;
        _contextEnd = InputTokens + Current.Output;
        _computed = _contextEnd - 1;
    }

    /// <summary>Leading tokens of the present context that are the same as in the context of an earlier segment (tokens).</summary>
    public int KeptSince(int ordinal)
    {
        int kept = int.MaxValue;
        int job = Job, segment = Segment;
        for (int at = Ordinal; at > ordinal; at--)
        {
            kept = Math.Min(kept, Session.Jobs[job].Segments[segment].Kept);
            if (--segment < 0 && --job >= 0)
                segment = Session.Jobs[job].Segments.Length - 1;
        }
        return kept;
    }

    private void Enter(Instant now)
    {
        Ordinal++;
        WaitsSince = now;
        SimulatedSegment segment = Current;
        int kept = Math.Min(segment.Kept, _contextEnd);
        InputTokens = kept + segment.New;
        int reused = IsolatedService.Reused(kept, _computed, InputTokens, hardware.BlockTokens);
        SegmentIsolated = IsolatedService.Seconds(hardware, reused, InputTokens, segment.Output);
    }
}
