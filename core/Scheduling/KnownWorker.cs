using Astraea.Core.Prediction;

namespace Astraea.Core.Scheduling;

/// <summary>A worker as it last described itself, less what it was given since; and what is leased to it, ready for it, or waits with KV on it.</summary>
internal sealed class KnownWorker(PullRequest pull, Instant heardAt, int index)
{
    private Instant _leasesAt = heardAt;
    private bool _summed;
    private double _left;
    private double _rate;
    private double _floor;

    public PullRequest Pull { get; private set; } = pull;

    public Instant HeardAt { get; private set; } = heardAt;

    /// <summary>Place in the list of workers.</summary>
    public int Index { get; set; } = index;

    public int SlotsLeft { get; set; } = pull.Slots;

    public int BlocksLeft { get; set; } = pull.BlocksFree;

    public int HostBlocksLeft { get; set; } = pull.BlocksHostFree;

    /// <summary>Leased to it.</summary>
    public List<LiveRequest> Leases { get; } = [];

    /// <summary>Ready, their KV on it.</summary>
    public ReadyRows Ready { get; } = new();

    /// <summary>Waiting for their tools, their KV on it.</summary>
    public List<LiveRequest> Idle { get; } = [];

    /// <summary>Tokens that the next segments of <see cref="Idle"/> compute at least, or of those on their way here (tokens).</summary>
    public long IdleTokens { get; set; }

    /// <summary>How many those are.</summary>
    public int IdleCount { get; set; }

    /// <summary>Next segments of agents that wait for their tools with KV on it (device seconds).</summary>
    public double IdleSeconds =>
        IdleTokens * Pull.Costs.PrefillSecondsPerToken + IdleCount * OutputLength.PriorTokens * Pull.Costs.DecodeSecondsPerToken;

    public void Hear(PullRequest pull, Instant now)
    {
        Pull = pull;
        HeardAt = now;
        SlotsLeft = pull.Slots;
        BlocksLeft = pull.BlocksFree;
        HostBlocksLeft = pull.BlocksHostFree;
        LeasesChanged(now);
    }

    /// <summary>Its leases, or what is known of them, changed at that moment.</summary>
    public void LeasesChanged(Instant at)
    {
        _leasesAt = at;
        _summed = false;
    }

    /// <summary>Predicted work left in its leases (device seconds): summed as of their last change, less an equal share of the time since for each that runs.</summary>
    /// <remarks>Summed when first asked for, as of the change: whoever asks, and whenever, the figure follows from the state alone.</remarks>
    public double LeasedSeconds(Instant now)
    {
        if (!_summed)
            Sum();
        double since = Math.Max(0, (now - _leasesAt).TotalSeconds);
        return Math.Max(_left - _rate * since, _floor);
    }

    private void Sum()
    {
        (_left, _rate, _floor) = (0, 0, 0);
        foreach (LiveRequest request in Leases)
        {
            LeaseRecord lease = request.Lease!;
            double service = lease.Inputs.SegmentSeconds;
            double left = LeaseLeft(lease, Leases.Count, _leasesAt);
            _left += left;
            _floor += lease.Started ? service / 8 : service;
            _rate += lease.Started && left > service / 8 ? 1.0 / Leases.Count : 0;
        }
        _summed = true;
    }

    /// <summary>Work a lease has left: it has had an equal share of the device since it started, but its prediction may be wrong, so some is always left.</summary>
    public static double LeaseLeft(LeaseRecord lease, int sequences, Instant now)
    {
        double service = lease.Inputs.SegmentSeconds;
        if (!lease.Started)
            return service;
        double had = Math.Max(0, (now - lease.At).TotalSeconds) / Math.Max(1, sequences);
        return Math.Max(service - had, service / 8);
    }
}
