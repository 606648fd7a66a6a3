using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Chooses the segments one worker gets: best rank first, packed while memory admits (SCHEDULING.md §1, §3, §5).</summary>
internal sealed class LeasePlanner
{
    private static readonly TimeSpan s_wakeApart = TimeSpan.FromMilliseconds(20);

    private readonly SchedulerState _state;
    private readonly ISchedulingPolicy _policy;
    private readonly SchedulerOptions _options;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly HeldLeaseReview _held;
    private readonly PullLoads _loads;
    private readonly List<SchedulerEvent> _events;
    private readonly CandidateHeap _heap;
    private readonly KnownWorker? _lightest;
    private readonly int _leasesMax;
    private Instant? _wake;
    private int _blocksLeft;
    private int _guardCount;
    private int _guardBlocks;

    public LeasePlanner(
        SchedulerState state, ISchedulingPolicy policy, SchedulerOptions options, PullRequest pull, Instant now, HeldLeaseReview held, PullLoads loads,
        List<SchedulerEvent> events)
    {
        (_state, _policy, _options, _pull, _now, _held, _loads, _events) = (state, policy, options, pull, now, held, loads, events);
        _heap = new CandidateHeap(state.Ready.Count);
        _lightest = loads.Lightest();
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

    public ImmutableArray<Lease>.Builder Leases { get; } = ImmutableArray.CreateBuilder<Lease>();

    public void Plan()
    {
        bool displacing = _policy.PreemptsRunning && _held.KeptRunning.Exists(r => r.Lease is { Guarded: false });
        // A full worker asks often, after every change; nobody is ranked for it in vain.
        if (_leasesMax <= 0 && !displacing)
            return;
        foreach (LiveRequest request in _state.Ready)
            Consider(request);
        _heap.Build();
        // The lane does not wait for an ordinary offer of that kind to be taken up.
        bool beyondTaken = _held.BeyondOpen;
        bool guardBeyondTaken = _held.GuardBeyondOpen;
        bool laneClosed = false;
        int misfits = 0;
        while (_heap.Count > 0 && misfits < _options.MisfitsMax)
        {
            if (Leases.Count >= _leasesMax && (!displacing || guardBeyondTaken))
                break;
            LeaseCandidate candidate = _heap.Take();
            PlacementJudgement judgement = Judge(candidate.Request, candidate.Inputs.SegmentSeconds);
            if (!judgement.Allowed)
            {
                NoteDeferral(candidate.Request, candidate.Inputs.SegmentSeconds, judgement);
                continue;
            }
            bool guarded = candidate.Rank.Band == Rank.GuardBand;
            int blocks = BlocksWanted(candidate);
            if (guarded && (laneClosed || !ShareAdmits(candidate.Inputs.Blocks)))
            {
                // The lane's share is spent: beyond it, a guarded segment competes like any other, so the lane makes nobody in it worse off. Whoever
                // stands behind the one that did not fit the share may not use it either: first in, first out is what makes the bound.
                laneClosed = true;
                _heap.Add(candidate with { Rank = OrdinaryRank(candidate.Inputs) });
                continue;
            }
            if (Leases.Count < _leasesMax && blocks <= _blocksLeft)
            {
                Give(candidate, judgement, blocks, guarded, null);
                continue;
            }
            if (!(guarded ? guardBeyondTaken : beyondTaken) && Displaced(candidate, blocks) is { } displaced)
            {
                beyondTaken = true;
                guardBeyondTaken |= guarded;
                Give(candidate, judgement, blocks, guarded, displaced);
                continue;
            }
            // The lane's head may not be overtaken on what its share still owes it, and a strict policy lets nobody pass; else something smaller may fit.
            if (guarded || !_policy.LowerQueuesFill || Leases.Count >= _leasesMax)
                break;
            misfits++;
        }
        if (_wake is { } wake)
            _events.Add(new SchedulerEvent.WakeWanted(wake, _now));
    }

    private void Consider(LiveRequest request)
    {
        int level = Estimates.Level(_policy, request, _now);
        if (level != request.Level)
            _events.Add(new SchedulerEvent.LevelMoved(request.Status.Request, level, _now));
        int context = request.Status.ContextTokens;
        if (context >= _pull.ContextTokensMax || LiveRequest.Blocks(context + 1, _options.BlockTokens) > _pull.BlocksTotal)
            return;
        double service = Estimates.SegmentSeconds(request, _pull.Worker, _pull.Costs);
        RankInputs inputs = Estimates.Inputs(request, level, service, _options.BlockTokens);
        Rank rank = _policy.Rank(inputs, _pull.BlocksTotal, _now);
        if (rank.Band != Rank.GuardBand && new GuardLane(_policy.GuardAfter, _policy.GuardShare).JoinsAt(inputs) is { } joins)
            WakeBy(joins + TimeSpan.FromTicks(1));
        // The load here only grows while this plan is made, and elsewhere only shrinks: who is left now would be left later too.
        PlacementJudgement judgement = Judge(request, service);
        if (judgement.Allowed)
            _heap.Collect(new LeaseCandidate(rank, request, inputs));
        else
            NoteDeferral(request, service, judgement);
    }

    private PlacementJudgement Judge(LiveRequest request, double serviceHere)
    {
        WorkerLoad here = _loads.Here(Leases.Count < _pull.Slots && _blocksLeft > 0);
        if (request.Kv is { } kv && kv.Worker == _pull.Worker)
            return new PlacementJudgement(PlacementVerdict.Home, here.Finish(serviceHere), 0);
        if (request.Home is { } home)
        {
            double serviceHome = request.HomeSeconds;
            double waited = request.OpenWaitSeconds(_now);
            return PlacementRule.Away(here, serviceHere, _loads.Of(home, serviceHome), serviceHome, waited, _options.Placement);
        }
        WorkerLoad? other = null;
        double serviceOther = 0;
        if (_lightest is { } lightest && request.BlocksAtEnd(_options.BlockTokens) <= lightest.BlocksLeft
            && request.Status.ContextTokens < lightest.Pull.ContextTokensMax)
        {
            other = _loads.Of(lightest, 0);
            serviceOther = Estimates.SegmentSeconds(request, lightest.Pull.Worker, lightest.Pull.Costs);
        }
        return PlacementRule.Fresh(here, serviceHere, other, serviceOther, request.OpenWaitSeconds(_now), _options.Placement);
    }

    private void NoteDeferral(LiveRequest request, double serviceHere, PlacementJudgement judgement)
    {
        if (judgement.Verdict == PlacementVerdict.LeftForLighter)
            WakeBy(request.ReadySince + _options.Placement.Patience + TimeSpan.FromTicks(1));
        else if (serviceHere < _options.WorkerLostAfter.TotalSeconds)
            WakeBy(request.ReadySince + TimeSpan.FromSeconds(serviceHere) + TimeSpan.FromTicks(1));
    }

    private void WakeBy(Instant at)
    {
        if (at <= _now)
            return;
        // With thousands waiting there is a reason to wake every millisecond; a few of them together will do.
        Instant soonest = Instant.Max(at, _now + s_wakeApart);
        if (_wake is not { } wake || soonest < wake)
            _wake = soonest;
    }

    /// <summary>Blocks it takes from those the worker offers; what its own idle KV holds is offered too, so nothing is subtracted for that.</summary>
    /// <remarks>Predicted output may be more than the pool can hold; the context itself fits (Consider), so it is not refused for that.</remarks>
    private int BlocksWanted(LeaseCandidate candidate) => Math.Min(candidate.Inputs.Blocks, _pull.BlocksTotal);

    private bool ShareAdmits(int blocks)
    {
        if (_guardCount == 0)
            return true;
        int slots = Math.Max(1, (int)Math.Ceiling(_policy.GuardShare * (Math.Max(0, _pull.Slots) + _held.Running)));
        return _guardCount < slots && _guardBlocks + blocks <= _policy.GuardShare * _pull.BlocksTotal;
    }

    /// <summary>The rank it would have without the lane: with no end to its isolated service it never joins.</summary>
    private Rank OrdinaryRank(RankInputs inputs) =>
        _policy.Rank(inputs with { IsolatedSeconds = double.PositiveInfinity }, _pull.BlocksTotal, _now);

    /// <summary>Which running segment would make room for this one, or null when it should wait.</summary>
    /// <remarks>
    /// Only lower levels give way, never lower scores: inside a level, the score of whoever waits overtakes that of whoever runs sooner or later, and
    /// the two would displace each other in turn. The worker does the displacing; here one such offer at a time is made.
    /// </remarks>
    private string? Displaced(LeaseCandidate candidate, int blocks)
    {
        if (!_policy.PreemptsRunning)
            return null;
        int freed = _pull.BlocksFree;
        LiveRequest? lowest = null;
        int lowestBand = 0;
        foreach (LiveRequest kept in _held.KeptRunning)
        {
            if (kept.Lease is not { Guarded: false } lease)
                continue;
            int band = _policy.Rank(lease.Inputs with { ReadySince = null }, _pull.BlocksTotal, _now).Band;
            if (band <= candidate.Rank.Band)
                continue;
            freed += lease.Inputs.Blocks;
            if (lowest is null || band > lowestBand)
                (lowest, lowestBand) = (kept, band);
        }
        return lowest is not null && freed >= blocks ? $"{lowest.Status.Request} at level {lowest.Lease!.Inputs.Level}" : null;
    }

    private void Give(LeaseCandidate candidate, PlacementJudgement judgement, int blocks, bool guarded, string? displaced)
    {
        LiveRequest request = candidate.Request;
        var attempt = new SegmentAttempt(request.Status.Request, request.Status.Segment, request.NextAttempt);
        string reason = PlanReasons.Lease(candidate, judgement, _pull.Worker, _policy, displaced, blocks, Math.Max(0, _blocksLeft));
        Leases.Add(new Lease(attempt, candidate.Inputs, reason));
        _events.Add(new SchedulerEvent.Leased(attempt, _pull.Worker, candidate.Inputs, blocks, guarded, displaced is not null, reason, _now));
        _loads.Give(request, candidate.Inputs.SegmentSeconds);
        _blocksLeft -= blocks;
        if (guarded)
        {
            _guardCount++;
            _guardBlocks += candidate.Inputs.Blocks;
        }
    }
}
