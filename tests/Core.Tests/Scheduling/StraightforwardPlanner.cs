using Astraea.Core.Lifecycle;
using Astraea.Core.Placement;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>Plans by ranking every ready segment and taking them in order: the slow twin of <see cref="LeasePlanner"/> and <see cref="ReadyScan"/>.</summary>
internal sealed class StraightforwardPlanner
{
    private readonly SchedulerState _state;
    private readonly ISchedulingPolicy _policy;
    private readonly SchedulerOptions _options;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly HeldLeaseReview _held;
    private readonly PullLoads _loads;
    private readonly LeaseJudge _judge;
    private readonly PriorityQueue<Candidate, Rank> _waiting = new();
    private readonly int _leasesMax;
    private int _blocksLeft;
    private int _guardCount;
    private int _guardBlocks;

    public StraightforwardPlanner(SchedulerState state, ISchedulingPolicy policy, SchedulerOptions options, PullRequest pull, Instant now)
    {
        (_state, _policy, _options, _pull, _now) = (state, policy, options, pull, now);
        state.Scratch.Clear();
        _held = new HeldLeaseReview(state, options, pull, now, []);
        _loads = new PullLoads(state, pull, now);
        _judge = new LeaseJudge(options, pull, now, _loads, anyFresh: true);
        _blocksLeft = pull.BlocksFree - _held.QueuedBlocks;
        int all = Math.Max(0, pull.Slots) + _held.Running;
        _leasesMax = policy.BatchSynchronous
            ? (pull.Held.IsEmpty ? pull.Slots : 0)
            : pull.Slots + (int)Math.Ceiling(options.QueueShare * all) - _held.Queued;
        foreach (LeaseRecord lease in _held.Kept.Select(k => k.Lease).OfType<LeaseRecord>().Where(l => l.Guarded))
        {
            _guardCount++;
            _guardBlocks += lease.Inputs.Blocks;
        }
    }

    public List<Lease> Leases { get; } = [];

    public Dictionary<RequestId, int> Moved { get; } = [];

    /// <summary>What was decided on the way, so that a test can see that it saw each case.</summary>
    public HashSet<string> Marks { get; } = [];

    public Instant? Wake => _judge.Wake;

    private bool HasRoom => Leases.Count < _pull.Slots && _blocksLeft > 0;

    public void Plan()
    {
        bool displacing = _policy.PreemptsRunning && _held.KeptRunning.Exists(r => r.Lease is { Guarded: false });
        if (_leasesMax <= 0 && !displacing)
            return;
        foreach (LiveRequest request in _state.Requests.Where(r => r.IsReady))
            Consider(request);
        bool beyondTaken = _held.BeyondOpen;
        bool guardBeyondTaken = _held.GuardBeyondOpen;
        bool laneClosed = false;
        int misfits = 0;
        while (_waiting.Count > 0 && misfits < _options.MisfitsMax && (Leases.Count < _leasesMax || (displacing && !guardBeyondTaken)))
        {
            Candidate candidate = _waiting.Dequeue();
            PlacementJudgement judgement = _judge.Judge(candidate.Request, candidate.Inputs.SegmentSeconds, HasRoom);
            if (!judgement.Allowed)
            {
                Marks.Add("refused late");
                _judge.NoteDeferral(candidate.Request, candidate.Inputs.SegmentSeconds, judgement, HasRoom);
                continue;
            }
            bool guarded = candidate.Rank.Band == Rank.GuardBand;
            int blocks = Math.Min(candidate.Inputs.Blocks, _pull.BlocksTotal);
            if (guarded && (laneClosed || !ShareAdmits(candidate.Inputs.Blocks)))
            {
                laneClosed = true;
                Marks.Add("lane spent");
                Rank ordinary = _policy.Rank(candidate.Inputs with { IsolatedSeconds = double.PositiveInfinity }, _pull.BlocksTotal, _now);
                _waiting.Enqueue(candidate with { Rank = ordinary }, ordinary);
                continue;
            }
            string? displaced = null;
            if (Leases.Count >= _leasesMax || blocks > _blocksLeft)
            {
                displaced = !(guarded ? guardBeyondTaken : beyondTaken) ? Displaced(candidate.Rank.Band, blocks) : null;
                if (displaced is null)
                {
                    if (guarded || !_policy.LowerQueuesFill || Leases.Count >= _leasesMax)
                        break;
                    misfits++;
                    Marks.Add("misfit");
                    continue;
                }
                beyondTaken = true;
                guardBeyondTaken |= guarded;
            }
            Marks.Add(displaced is not null ? "displaced" : guarded ? "guarded" : judgement.Verdict.ToString());
            Give(candidate, judgement, blocks, guarded, displaced);
        }
    }

    private void Consider(LiveRequest request)
    {
        int level = Estimates.Level(_policy, request, _now);
        if (level != request.Level)
            Moved[request.Status.Request] = level;
        double service = Estimates.SegmentSeconds(request, _pull.Worker, _pull.Costs);
        RankInputs inputs = Estimates.Inputs(request, level, service, _options.BlockTokens);
        // When a segment joins the lane matters only if it might be had.
        bool near = request.Home is not { } home || home == _loads.Self || _judge.MayTakeFrom(home, HasRoom);
        if (near && new GuardLane(_policy.GuardAfter, _policy.GuardShare).JoinsAt(inputs) is { } joins && joins >= _now)
            _judge.WakeBy(joins + TimeSpan.FromTicks(1));
        int context = request.Status.ContextTokens;
        if (context >= _pull.ContextTokensMax || LiveRequest.Blocks(context + 1, _options.BlockTokens) > _pull.BlocksTotal)
            return;
        Rank rank = _policy.Rank(inputs, _pull.BlocksTotal, _now);
        PlacementJudgement judgement = _judge.Judge(request, service, HasRoom);
        if (judgement.Allowed)
            _waiting.Enqueue(new Candidate(rank, request, inputs), rank);
        else
            Marks.Add(judgement.Verdict.ToString());
        if (!judgement.Allowed)
            _judge.NoteDeferral(request, service, judgement, HasRoom);
    }

    private bool ShareAdmits(int blocks)
    {
        int slots = Math.Max(1, (int)Math.Ceiling(_policy.GuardShare * (Math.Max(0, _pull.Slots) + _held.Running)));
        return _guardCount == 0 || (_guardCount < slots && _guardBlocks + blocks <= _policy.GuardShare * _pull.BlocksTotal);
    }

    private string? Displaced(int band, int blocks)
    {
        if (!_policy.PreemptsRunning)
            return null;
        (LiveRequest Kept, int Band)[] lower =
        [
            .. _held.KeptRunning.Where(k => k.Lease is { Guarded: false })
                .Select(k => (k, _policy.Rank(k.Lease!.Inputs with { ReadySince = null }, _pull.BlocksTotal, _now).Band)).Where(k => k.Band > band),
        ];
        if (lower.Length == 0 || _pull.BlocksFree + lower.Sum(k => k.Kept.Lease!.Inputs.Blocks) < blocks)
            return null;
        LiveRequest lowest = lower.MaxBy(k => k.Band).Kept;
        return $"{lowest.Status.Request} at level {lowest.Lease!.Inputs.Level}";
    }

    private void Give(Candidate candidate, PlacementJudgement judgement, int blocks, bool guarded, string? displaced)
    {
        LiveRequest request = candidate.Request;
        string reason = PlanReasons.Lease(
            candidate.Rank, request, candidate.Inputs, judgement, _pull.Worker, _policy, displaced, blocks, Math.Max(0, _blocksLeft));
        Leases.Add(new Lease(new SegmentAttempt(request.Status.Request, request.Status.Segment, request.NextAttempt), candidate.Inputs, reason));
        _loads.Give(request, candidate.Inputs.SegmentSeconds);
        _blocksLeft -= blocks;
        _guardCount += guarded ? 1 : 0;
        _guardBlocks += guarded ? candidate.Inputs.Blocks : 0;
    }

    private readonly record struct Candidate(Rank Rank, LiveRequest Request, RankInputs Inputs);
}
