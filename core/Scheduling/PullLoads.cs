using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Predicted work ahead on each worker at the time of a pull.</summary>
internal sealed class PullLoads
{
    private readonly SchedulerState _state;
    private readonly PullRequest _pull;
    private readonly double[] _leased;
    private readonly double[] _homed;
    private readonly int[] _sequences;
    private double _hereLeased, _hereHomed;
    private int _hereSequences;

    public PullLoads(SchedulerState state, PullRequest pull, Instant now)
    {
        (_state, _pull) = (state, pull);
        _leased = new double[state.Workers.Count];
        _homed = new double[state.Workers.Count];
        _sequences = new int[state.Workers.Count];
        foreach (LiveRequest request in state.Leased)
        {
            if (state.FindWorker(request.Lease!.Worker) is { } worker)
                _sequences[worker.Index]++;
        }
        foreach (LiveRequest request in state.Leased)
        {
            if (state.FindWorker(request.Lease!.Worker) is { } worker)
                _leased[worker.Index] += Left(request.Lease!, _sequences[worker.Index], now);
        }
        foreach (LiveRequest request in state.Ready)
        {
            if (request.Home is { } home)
                _homed[home.Index] += request.HomeSeconds;
        }
        if (state.FindWorker(pull.Worker) is { } here)
            (_hereLeased, _hereHomed, _hereSequences) = (_leased[here.Index], _homed[here.Index], _sequences[here.Index]);
    }

    /// <summary>The asking worker as a newcomer finds it.</summary>
    public WorkerLoad Here(bool hasRoom) => new(_hereLeased, _hereHomed, _hereSequences, hasRoom);

    /// <summary>Another worker, without the share that one ready request homed there has in it.</summary>
    public WorkerLoad Of(KnownWorker worker, double withoutSeconds) => new(
        _leased[worker.Index], Math.Max(0, _homed[worker.Index] - withoutSeconds), _sequences[worker.Index],
        worker.SlotsLeft > 0 && worker.BlocksLeft > 0);

    /// <summary>The worker, other than the asking one, that has room and least work ahead; null when none has.</summary>
    public KnownWorker? Lightest()
    {
        KnownWorker? lightest = null;
        foreach (KnownWorker worker in _state.Workers)
        {
            if (worker.Pull.Worker == _pull.Worker || worker.SlotsLeft <= 0 || worker.BlocksLeft <= 0)
                continue;
            if (lightest is null || Of(worker, 0).BacklogSeconds < Of(lightest, 0).BacklogSeconds)
                lightest = worker;
        }
        return lightest;
    }

    /// <summary>The asking worker gets a segment: its work moves from where it was homed to here.</summary>
    public void Give(LiveRequest request, double serviceHere)
    {
        _hereLeased += serviceHere;
        _hereSequences++;
        if (request.Kv is { } kv && kv.Worker == _pull.Worker)
            _hereHomed = Math.Max(0, _hereHomed - request.HomeSeconds);
        else if (request.Home is { } home)
            _homed[home.Index] -= request.HomeSeconds;
    }

    /// <summary>Work a lease has left: it has had an equal share of the device since it started, but its prediction may be wrong, so some is always left.</summary>
    private static double Left(LeaseRecord lease, int sequences, Instant now)
    {
        double service = lease.Inputs.SegmentSeconds;
        if (!lease.Started)
            return service;
        double had = Math.Max(0, (now - lease.At).TotalSeconds) / Math.Max(1, sequences);
        return Math.Max(service - had, service / 8);
    }
}
