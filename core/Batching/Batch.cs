using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Batching;

/// <summary>Sizes of a worker's batch.</summary>
/// <param name="Slots">Sequences at most (sequences).</param>
/// <param name="StepTokens">Rows of a step at most (tokens).</param>
public readonly record struct BatchLimits(int Slots, int StepTokens);

/// <summary>Continuous batching as decisions: who is in the batch, who holds memory, and which rows the next step computes.</summary>
/// <typeparam name="TSegment">Segments.</typeparam>
/// <typeparam name="TKv">Their contexts.</typeparam>
/// <remarks>
/// A step is <see cref="PlanStep"/>, the computation outside, <see cref="Computed"/> for each planned segment, then <see cref="Finish"/> for those that ended.
/// Workers and the simulator run this same class. One owner.
/// Iteration-level batching: Yu et al. 2022 (Orca) §3; preemption by swap or recomputation: Kwon et al. 2023 (PagedAttention) §4.5.
/// </remarks>
public sealed partial class Batch<TSegment, TKv> where TSegment : BatchSegment<TKv> where TKv : class, IContextKv
{
    private readonly IKvTiers<TKv> _tiers;
    private readonly ISchedulingPolicy _policy;
    private readonly IKvPolicy _kv;
    private readonly BatchLimits _limits;
    private readonly StepCostMeter _costs;
    private readonly Action<TSegment> _tooLarge;
    private readonly List<TSegment> _waiting = [];
    private readonly List<TSegment> _running = [];
    private readonly List<TSegment> _candidates = [];
    private readonly List<TSegment> _runnable = [];
    private readonly List<PlannedRows<TSegment>> _plan = [];

    /// <summary>An empty batch.</summary>
    /// <param name="tiers">Memory.</param>
    /// <param name="policy">Order.</param>
    /// <param name="kv">What becomes of KV of waiting agents.</param>
    /// <param name="limits">Sizes.</param>
    /// <param name="costs">What computing and copying cost here.</param>
    /// <param name="worker">Whose batch it is.</param>
    /// <param name="tooLarge">Called for a segment whose context can never fit; it must <see cref="Leave"/>.</param>
    /// <param name="durations">What is known of waits; goes on learning. Null is nothing.</param>
    public Batch(
        IKvTiers<TKv> tiers, ISchedulingPolicy policy, IKvPolicy kv, BatchLimits limits, StepCostMeter costs, WorkerId worker, Action<TSegment> tooLarge,
        ToolDuration? durations = null)
    {
        _tiers = tiers;
        _policy = policy;
        _kv = kv;
        _limits = limits;
        _costs = costs;
        _tooLarge = tooLarge;
        Idle = new IdleKv<TKv>(tiers, kv, worker, durations);
    }

    /// <summary>KV of agents that wait.</summary>
    public IdleKv<TKv> Idle { get; }

    /// <summary>In the batch.</summary>
    public IReadOnlyList<TSegment> Running => _running;

    /// <summary>Inside the worker, not in the batch.</summary>
    public IReadOnlyList<TSegment> Waiting => _waiting;

    /// <summary>Segments inside the worker.</summary>
    public int Count => _running.Count + _waiting.Count;

    /// <summary>Some segment inside the worker, or null.</summary>
    public TSegment? Any => _running.Count > 0 ? _running[^1] : _waiting.Count > 0 ? _waiting[^1] : null;

    /// <summary>Tokens computed again so far (tokens).</summary>
    public long RecomputedTokens { get; private set; }

    /// <summary>Segments set aside so far.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Copied to the host tier by decisions and preemptions so far (By).</summary>
    public long SwappedOutBytes { get; private set; }

    /// <summary>Copied back so far (By).</summary>
    public long SwappedInBytes { get; private set; }

    /// <summary>Takes over what an earlier segment of the same agent has left here, before the segment starts.</summary>
    /// <param name="segment">The segment; its context holds nothing.</param>
    /// <param name="leftBy">The request whose KV that is: its own, or the one it goes on from.</param>
    /// <param name="readySince">When its wait for a tool or a human was over.</param>
    public void Resume(TSegment segment, RequestId leftBy, Instant? readySince)
    {
        TKv? older = Idle.Resume(leftBy, readySince, out long migrated);
        segment.MigratedBytes = migrated;
        if (older is null)
            return;
        segment.Resumes(older);
        _tiers.TakeOver(segment.Kv, older);
    }

    /// <summary>Lets a segment wait for a place.</summary>
    public void Add(TSegment segment) => _waiting.Add(segment);

    /// <summary>The segment of an attempt, or null.</summary>
    public TSegment? Find(SegmentAttempt attempt) =>
        _running.Find(s => s.Attempt == attempt) ?? _waiting.Find(s => s.Attempt == attempt);

    /// <summary>Decides the next step: reviews idle KV, ranks, admits, shares out rows and secures their blocks.</summary>
    /// <returns>Rows by segment, best rank first; valid until the next call.</returns>
    public IReadOnlyList<PlannedRows<TSegment>> PlanStep(Instant now)
    {
        if (Idle.Preserved > 0)
            Idle.Review(Demand(), now);
        int before;
        do
        {
            before = Count;
            RankAll(now);
            Admit(now);
            PlanRows();
            Secure(now);
            _plan.RemoveAll(static p => !p.Segment.Running);
        }
        while (_plan.Count == 0 && Count > 0 && Count < before); // The only one that ran was given up: now another can run.
        return _plan;
    }

    /// <summary>Rows of a segment have been computed; called before its context says so.</summary>
    public void Computed(TSegment segment, int rows, double seconds) => RecomputedTokens += segment.Computed(rows, seconds);

    /// <summary>A segment is complete and its agent waits: decides what becomes of its KV.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="tool">What its agent waits for; null for its human.</param>
    /// <param name="now">The moment.</param>
    /// <param name="returnsAt">When the wait will be over, where that is known: in bounds, never in what is deployed.</param>
    /// <returns>Where its KV is.</returns>
    public KvPlace Park(TSegment segment, string? tool, Instant now, Instant? returnsAt = null)
    {
        Remove(segment);
        (KvPlace place, long swapped) = Idle.Park(
            segment.Attempt.Request, segment.Kv, segment.Category, tool, Demand(), now, returnsAt, segment.Idleness, segment.ModelSeconds);
        segment.SwappedOutBytes += swapped;
        SwappedOutBytes += swapped;
        return place;
    }

    /// <summary>A segment is complete and nobody is known to go on from it: its blocks become ordinary cache.</summary>
    /// <returns>Where its KV is.</returns>
    public KvPlace Finish(TSegment segment)
    {
        Leave(segment);
        return Idle.PlaceOf(segment.Kv, KvDecision.None, "the answer is complete: left to the prefix cache by least recent use");
    }

    /// <summary>A segment leaves unfinished; its blocks become ordinary cache.</summary>
    public void Leave(TSegment segment)
    {
        Remove(segment);
        Idle.Detach(segment.Kv, KvRelease.Recent);
    }

    /// <summary>A segment leaves and its blocks are not looked at again: the memory is not to be trusted.</summary>
    public void Abandon(TSegment segment) => Remove(segment);

    private void Remove(TSegment segment)
    {
        if (!_running.Remove(segment))
            _waiting.Remove(segment);
        segment.Running = false;
    }

    private void RankAll(Instant now)
    {
        int pool = _tiers.DeviceBlocks;
        foreach (TSegment segment in _running)
            segment.RankNow(_policy, pool, now);
        foreach (TSegment segment in _waiting)
            segment.RankNow(_policy, pool, now);
        _waiting.Sort(static (a, b) => a.Rank.CompareTo(b.Rank));
    }

    private void PlanRows()
    {
        _runnable.Clear();
        _running.Sort(static (a, b) => a.Rank.CompareTo(b.Rank));
        foreach (TSegment segment in _running)
        {
            if (segment.MayCompute)
                _runnable.Add(segment);
        }
        RowPlanner<TSegment, TKv>.Plan(_runnable, _limits.StepTokens, _policy.GuardShare, _plan);
    }

    private KvDemand Demand()
    {
        int reserved = 0, batch = 0, wanted = 0;
        foreach (TSegment segment in _running)
        {
            reserved += MissingBlocks(segment);
            batch += segment.Kv.Length;
        }
        foreach (TSegment segment in _waiting)
            wanted += MissingBlocks(segment);
        return new KvDemand(reserved, batch, wanted, _costs.Profile);
    }
}
