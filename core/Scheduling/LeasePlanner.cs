using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Chooses the segments one worker gets: best rank first, packed while memory admits (SCHEDULING.md §1, §3, §5).</summary>
internal sealed class LeasePlanner
{
    private readonly SchedulerState _state;
    private readonly ISchedulingPolicy _policy;
    private readonly SchedulerOptions _options;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly HeldLeaseReview _held;
    private readonly PullLoads _loads;
    private readonly List<SchedulerEvent> _events;
    private readonly int _leasesMax;
    private ImmutableArray<Lease>.Builder? _leases;
    private RankedRow _taken;
    private int _given;
    private int _blocksLeft;
    private int _guardCount;
    private int _guardBlocks;

    public LeasePlanner(
        SchedulerState state, ISchedulingPolicy policy, SchedulerOptions options, PullRequest pull, Instant now, HeldLeaseReview held, PullLoads loads,
        List<SchedulerEvent> events)
    {
        (_state, _policy, _options, _pull, _now, _held, _loads, _events) = (state, policy, options, pull, now, held, loads, events);
        _blocksLeft = pull.BlocksFree - held.QueuedBlocks;
        int all = Math.Max(0, pull.Slots) + held.Running;
        // Slots free now, and a few to queue inside: about two steps of work, so that ranking inside the worker means something.
        _leasesMax = policy.BatchSynchronous
            ? (pull.Held.IsEmpty ? pull.Slots : 0)
            : pull.Slots + (int)Math.Ceiling(options.QueueShare * all) - held.Queued;
        foreach (LiveRequest kept in held.Kept)
        {
            if (kept.Lease is { Guarded: true } lease)
            {
                _guardCount++;
                _guardBlocks += lease.Inputs.Blocks;
            }
        }
    }

    public ImmutableArray<Lease> Leases => _leases?.DrainToImmutable() ?? [];

    private bool HasRoom => _given < _pull.Slots && _blocksLeft > 0;

    public void Plan()
    {
        bool displacing = _policy.PreemptsRunning && _held.KeptRunning.Exists(r => r.Lease is { Guarded: false });
        // A full worker asks often, after every change; nobody is ranked for it in vain.
        if (_state.ReadyRequests == 0 || (_leasesMax <= 0 && !displacing))
            return;
        var judge = new LeaseJudge(_options, _pull, _now, _loads, _state.Fresh.Count > 0);
        var scan = new ReadyScan(_state, _policy, _options, _pull, _now, judge, _events);
        scan.Begin(Math.Max(0, _leasesMax) + Math.Min(_options.MisfitsMax, 64), HasRoom);
        Pack(scan, judge, displacing);
        if (judge.Wake is { } wake)
            _events.Add(new SchedulerEvent.WakeWanted(wake, _now));
    }

    private void Pack(ReadyScan scan, LeaseJudge judge, bool displacing)
    {
        // The lane does not wait for an ordinary offer of that kind to be taken up.
        bool beyondTaken = _held.BeyondOpen;
        bool guardBeyondTaken = _held.GuardBeyondOpen;
        bool laneDone = false;
        RankedRow? spentAt = null;
        int misfits = 0;
        while (misfits < _options.MisfitsMax)
        {
            if (_given >= _leasesMax && (!displacing || guardBeyondTaken))
                break;
            bool guarded = !laneDone && scan.TryTakeGuarded(HasRoom, out _taken);
            if (!guarded)
            {
                laneDone = true;
                if (!scan.TryTake(HasRoom, out _taken))
                    break;
                // Whoever was in the lane has had its turn there, unless the share was spent before it came.
                if (scan.InLaneSince(_taken.Request) < long.MaxValue
                    && (spentAt is not { } spent || scan.LaneRow(_taken.Request, 0).CompareTo(spent) < 0))
                {
                    continue;
                }
            }
            LiveRequest request = _taken.Request;
            double service = Estimates.SegmentSeconds(request, _pull.Worker, _pull.Costs);
            RankInputs inputs = Estimates.Inputs(request, _taken.Level, service, _options.BlockTokens);
            PlacementJudgement judgement = judge.Judge(request, service, HasRoom);
            if (!judgement.Allowed)
            {
                judge.NoteDeferral(request, service, judgement, HasRoom);
                continue;
            }
            int blocks = BlocksWanted(inputs);
            if (guarded && !ShareAdmits(inputs.Blocks))
            {
                // The lane's share is spent: beyond it, a guarded segment competes like any other, so the lane makes nobody in it worse off. Whoever
                // stands behind the one that did not fit the share may not use it either: first in, first out is what makes the bound.
                laneDone = true;
                spentAt = _taken;
                continue;
            }
            if (_given < _leasesMax && blocks <= _blocksLeft)
            {
                Give(inputs, judgement, blocks, guarded, null);
                continue;
            }
            if (!(guarded ? guardBeyondTaken : beyondTaken) && Displaced(blocks) is { } displaced)
            {
                beyondTaken = true;
                guardBeyondTaken |= guarded;
                Give(inputs, judgement, blocks, guarded, displaced);
                continue;
            }
            // The lane's head may not be overtaken on what its share still owes it, and a strict policy lets nobody pass; else something smaller may fit.
            if (guarded || !_policy.LowerQueuesFill || _given >= _leasesMax)
                break;
            misfits++;
        }
    }

    /// <summary>Blocks it takes from those the worker offers; what its own idle KV holds is offered too, so nothing is subtracted for that.</summary>
    /// <remarks>Predicted output may be more than the pool can hold; the context itself fits (<see cref="ReadyScan"/>), so it is not refused for that.</remarks>
    private int BlocksWanted(in RankInputs inputs) => Math.Min(inputs.Blocks, _pull.BlocksTotal);

    private bool ShareAdmits(int blocks)
    {
        if (_guardCount == 0)
            return true;
        int slots = Math.Max(1, (int)Math.Ceiling(_policy.GuardShare * (Math.Max(0, _pull.Slots) + _held.Running)));
        return _guardCount < slots && _guardBlocks + blocks <= _policy.GuardShare * _pull.BlocksTotal;
    }

    /// <summary>Which running segment would make room for this one, or null when it should wait.</summary>
    /// <remarks>
    /// Only lower levels give way, never lower scores: inside a level, the score of whoever waits overtakes that of whoever runs sooner or later, and
    /// the two would displace each other in turn. The worker does the displacing; here one such offer at a time is made.
    /// </remarks>
    private string? Displaced(int blocks)
    {
        if (!_policy.PreemptsRunning)
            return null;
        int freed = _pull.BlocksFree;
        LiveRequest? lowest = null;
        int lowestBand = 0;
        List<int> bands = RunningBands();
        for (int i = 0; i < bands.Count; i++)
        {
            LiveRequest kept = _held.KeptRunning[i];
            if (bands[i] <= _taken.Band || kept.Lease is not { Guarded: false } lease)
                continue;
            freed += lease.Inputs.Blocks;
            if (lowest is null || bands[i] > lowestBand)
                (lowest, lowestBand) = (kept, bands[i]);
        }
        return lowest is not null && freed >= blocks ? $"{lowest.Status.Request} at level {lowest.Lease!.Inputs.Level}" : null;
    }

    /// <summary>Bands of those that run, ranked once in a plan.</summary>
    private List<int> RunningBands()
    {
        List<int> bands = _state.Scratch.RunningBands;
        if (bands.Count > 0)
            return bands;
        foreach (LiveRequest kept in _held.KeptRunning)
            bands.Add(kept.Lease is { } lease ? _policy.Rank(lease.Inputs with { ReadySince = null }, _pull.BlocksTotal, _now).Band : 0);
        return bands;
    }

    private void Give(in RankInputs inputs, PlacementJudgement judgement, int blocks, bool guarded, string? displaced)
    {
        LiveRequest request = _taken.Request;
        var attempt = new SegmentAttempt(request.Status.Request, request.Status.Segment, request.NextAttempt);
        string reason = PlanReasons.Lease(_taken.Rank, request, inputs, judgement, _pull.Worker, _policy, displaced, blocks, Math.Max(0, _blocksLeft));
        _leases ??= ImmutableArray.CreateBuilder<Lease>(Math.Clamp(_leasesMax, 1, 1024));
        _leases.Add(new Lease(attempt, inputs, reason));
        _given++;
        _events.Add(new SchedulerEvent.Leased(attempt, _pull.Worker, inputs, blocks, guarded, displaced is not null, reason, _now));
        _loads.Give(request, inputs.SegmentSeconds);
        _blocksLeft -= blocks;
        if (guarded)
        {
            _guardCount++;
            _guardBlocks += inputs.Blocks;
        }
    }
}
