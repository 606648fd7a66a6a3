using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Predicted work ahead on each worker at the time of a pull, less what this plan has given so far.</summary>
internal sealed class PullLoads
{
    private readonly SchedulerState _state;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly long[] _taken;
    private double _hereLeased;
    private long _hereHomed;
    private int _hereSequences;

    public PullLoads(SchedulerState state, PullRequest pull, Instant now)
    {
        (_state, _pull, _now) = (state, pull, now);
        _taken = state.Scratch.Taken(state.Workers.Count);
        Self = state.FindWorker(pull.Worker);
        if (Self is not { } here)
            return;
        (_hereHomed, _hereSequences) = (here.Ready.HomedMicros, here.Leases.Count);
        foreach (LiveRequest request in here.Leases)
            _hereLeased += KnownWorker.LeaseLeft(request.Lease!, here.Leases.Count, now);
    }

    /// <summary>The asking worker; null when it asks for the first time.</summary>
    public KnownWorker? Self { get; }

    /// <summary>The asking worker as a newcomer finds it.</summary>
    public WorkerLoad Here(bool hasRoom) => new(_hereLeased, _hereHomed * 1e-6, _hereSequences, hasRoom);

    /// <summary>Another worker, without the share that one ready request homed there has in it.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="withoutSeconds">That share (device seconds).</param>
    /// <param name="blocks">Blocks the request wants: with fewer free, it has no room for it (blocks).</param>
    public WorkerLoad Of(KnownWorker worker, double withoutSeconds, int blocks) => new(
        worker.LeasedSeconds(_now), Math.Max(0, Homed(worker) - withoutSeconds), worker.Leases.Count,
        worker.SlotsLeft > 0 && worker.BlocksLeft >= Math.Max(1, blocks));

    /// <summary>All work ahead on another worker (device seconds).</summary>
    public double Backlog(KnownWorker worker) => worker.LeasedSeconds(_now) + Homed(worker);

    /// <summary>The worker, other than the asking one, that has room and least work ahead; null when none has.</summary>
    public KnownWorker? Lightest()
    {
        KnownWorker? lightest = null;
        double least = double.PositiveInfinity;
        foreach (KnownWorker worker in _state.Workers)
        {
            if (worker == Self || worker.SlotsLeft <= 0 || worker.BlocksLeft <= 0)
                continue;
            double backlog = Backlog(worker);
            if (backlog < least)
                (lightest, least) = (worker, backlog);
        }
        return lightest;
    }

    /// <summary>The asking worker gets a segment: its work moves from where it was homed to here.</summary>
    public void Give(LiveRequest request, double serviceHere)
    {
        _hereLeased += serviceHere;
        _hereSequences++;
        if (request.Kv is { } kv && kv.Worker == _pull.Worker)
            _hereHomed -= ReadyRows.Micros(request.HomeSeconds);
        else if (request.Home is { } home)
            _taken[home.Index] += ReadyRows.Micros(request.HomeSeconds);
    }

    private double Homed(KnownWorker worker) => (worker.Ready.HomedMicros - _taken[worker.Index]) * 1e-6;
}
