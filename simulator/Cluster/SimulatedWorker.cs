using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Batching;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Cluster.Memory;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>One worker in virtual time: the batch of core/, with costs in place of a model.</summary>
/// <remarks>
/// It computes in stints. A stint is one step, or many decode steps at once as long as nothing could be decided otherwise in between: nobody
/// finishes, nothing waits for long, there are blocks enough, and no review is due. Whatever comes from outside ends the stint after the step under way.
/// </remarks>
internal sealed partial class SimulatedWorker
{
    private readonly HardwareProfile _hardware;
    private readonly ISchedulingPolicy _policy;
    private readonly StepSeconds _cost;
    private readonly CopyLanes _copies;
    private readonly List<KvChange> _changes = [];
    private readonly List<WorkerSegment> _outside = [];
    private readonly Action<WorkerSegment> _failed;
    private readonly ToolDuration? _trained;
    private StepCostMeter _costs;
    private Batch<WorkerSegment, ContextKv> _batch;

    public SimulatedWorker(int index, Scenario scenario, Action<WorkerSegment> failed)
    {
        HardwareProfile hardware = scenario.Hardware;
        (Index, _hardware, _policy, _failed, _trained) = (index, hardware, scenario.Policy, failed, scenario.Trained?.Tool);
        Id = new WorkerId($"w{index}");
        _cost = new StepSeconds(hardware.Step);
        _copies = new CopyLanes(hardware.CopyTokensPerSecond, hardware.BlockTokens, hardware.DeviceBlocks);
        (_costs, Memory, _batch) = Blank();
    }

    public int Index { get; }

    public WorkerId Id { get; }

    public KvExtents Memory { get; private set; }

    public IdleKv<ContextKv> Idle => _batch.Idle;

    public int Running => _batch.Running.Count;

    public int Waiting => _batch.Waiting.Count;

    public Instant Now { get; private set; }

    /// <summary>When its link to other workers is free.</summary>
    public Instant LinkFree { get; set; }

    /// <summary>Revision of the scheduler when it was answered last.</summary>
    public long AnsweredAt { get; set; } = -1;

    /// <summary>Away: it computes nothing and asks for nothing.</summary>
    public bool Away { get; private set; }

    /// <summary>Grows whenever room was made or KV moved: a reason to ask for work again.</summary>
    public long Turnover => _departures + _batch.Idle.Decisions;

    public WorkerTotals Totals { get; } = new();

    /// <summary>What it says of itself when it asks for work.</summary>
    public PullRequest Picture(long epoch)
    {
        _changes.Clear();
        _batch.Idle.TakeChanges(_changes);
        var held = ImmutableArray.CreateBuilder<HeldLease>(_batch.Count);
        foreach (WorkerSegment segment in _batch.Running)
            held.Add(segment.Held);
        foreach (WorkerSegment segment in _batch.Waiting)
            held.Add(segment.Held);
        return new PullRequest(
            Id, epoch, held.MoveToImmutable(), _hardware.DeviceBlocks, _batch.BlocksOffered(), Memory.HostRoom,
            Math.Max(0, _hardware.Slots - _batch.Running.Count), Math.Min(_hardware.ContextTokensMax, _hardware.DeviceBlocks * _hardware.BlockTokens),
            "simulated", Memory.HostBlocks > 0 ? "simulated" : string.Empty, _costs.Profile,
            _changes.Count == 0 ? [] : [.. _changes.Select(static c => new KvResidence(c.Request, c.Place))]);
    }

    /// <summary>Takes a segment in.</summary>
    public void Start(SessionRun session, Lease lease, string category, Instant now)
    {
        Memory.Now = now;
        SimulatedSession plan = session.Session;
        int shared = plan.SharedPrefix is null ? 0 : Math.Min(plan.SharedTokens, session.KeptSince(0)) / _hardware.BlockTokens;
        SimulatedRequest request = session.Request!;
        ContextKv kv = Memory.Open(
            session.Index, plan.SharedPrefix, shared, session.Ordinal, session.InputTokens + request.OutputTokens, session.KeptSince);
        WorkerSegment segment = new(this, session, lease, category, kv, request.ComputedTokens);
        RequestId leftBy = session.Segment == 0 && session.Parent is { } parent ? parent : request.Id;
        _batch.Resume(segment, leftBy, segment.ReadySince);
        Memory.DropStale(kv);
        _batch.Add(segment);
        _outside.Add(segment);
    }

    /// <summary>Stops a segment after the step under way.</summary>
    public void Stop(SegmentAttempt attempt)
    {
        if (_batch.Find(attempt) is not { } segment)
            return;
        Departs(segment);
        _batch.Leave(segment);
    }

    /// <summary>A complete segment leaves; what becomes of its KV is decided.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="tool">What its agent waits for; null for its human.</param>
    /// <param name="waits">Whether anybody may go on from it.</param>
    /// <param name="returnsAt">When, where that is known.</param>
    public KvPlace End(WorkerSegment segment, string? tool, bool waits, Instant? returnsAt)
    {
        Departs(segment);
        return waits ? _batch.Park(segment, tool, Now, returnsAt) : _batch.Finish(segment);
    }

    /// <summary>It is gone with all it held. Segments inside are lost without a word.</summary>
    public void Leave(Instant now)
    {
        Away = true;
        Stamp++;
        _stintSteps = 0;
        Totals.Add(_batch, Memory, _hardware);
        foreach (WorkerSegment segment in _batch.Running.Concat(_batch.Waiting))
        {
            // Who streams has what was generated; the rest of the segment waits for another worker.
            segment.Session.Request!.Report(segment.Generated);
            segment.Session.Recomputed += segment.RecomputedTokens;
            segment.Session.WaitsSince ??= now;
        }
        _outside.Clear();
        (_costs, Memory, _batch) = Blank();
    }

    /// <summary>It is back, empty.</summary>
    public void Return() => Away = false;

    /// <summary>What of an idle agent's KV can go to another worker; null when it is not here any more.</summary>
    public ContextKv? Export(RequestId request) => Away ? null : _batch.Idle.Peek(request);

    /// <summary>The KV of an idle agent has arrived from another worker.</summary>
    public void Import(SessionRun session, RequestId request, ContextKv sent, int blocks, WorkerId from, Instant now)
    {
        Memory.Now = now;
        ContextKv kv = Memory.Open(
            session.Index, session.Session.SharedPrefix, sent.SharedBlocks, sent.Own.Version, sent.Length, session.KeptSince);
        Memory.DropStale(kv);
        int stored = Memory.Import(kv, blocks);
        _batch.Idle.Adopt(request, kv, (long)stored * Memory.BlockBytes, from, now);
        _costs.Moved(blocks * _hardware.BlockTokens, blocks * _hardware.BlockTokens / _hardware.LinkTokensPerSecond);
    }

    /// <summary>It has gone to another worker.</summary>
    public void Forget(RequestId request) => _batch.Idle.Forget(request);

    /// <summary>Closes the books.</summary>
    public void Close()
    {
        Totals.Add(_batch, Memory, _hardware);
        foreach (WorkerSegment segment in _batch.Running)
            segment.Session.Recomputed += segment.RecomputedTokens;
    }

    /// <summary>Throws when an invariant of the accounting is broken.</summary>
    public void Check() => Memory.Check();

    private (StepCostMeter Costs, KvExtents Memory, Batch<WorkerSegment, ContextKv> Batch) Blank()
    {
        IKvPolicy kv = _policy.Kv;
        KvExtents memory = new(
            _hardware.DeviceBlocks, kv.HostTier ? _hardware.HostBlocks : 0, _hardware.BlockTokens, _hardware.KvBytesPerToken * _hardware.BlockTokens,
            kv.WritesBack, _copies);
        StepCostMeter costs = new(FirstCosts());
        return (costs, memory, new Batch<WorkerSegment, ContextKv>(
            memory, _policy, kv, new BatchLimits(_hardware.Slots, _hardware.StepTokens), costs, Id, Fail, _trained?.Copy()));
    }

    /// <summary>As a worker measures itself before it serves: a chunk of 64 rows, and four decodes.</summary>
    private CostProfile FirstCosts()
    {
        int rows = Math.Min(64, _hardware.StepTokens), lanes = Math.Min(4, _hardware.Slots);
        double prefill = _cost.One(default(StepSeconds.Rows).PlusPrefill(0, rows)) / rows;
        double decode = _cost.One(new StepSeconds.Rows(0, 0, lanes, 0)) / lanes;
        return new CostProfile(prefill, decode, 1 / _hardware.CopyTokensPerSecond, 1 / _hardware.LinkTokensPerSecond);
    }

    private void Fail(WorkerSegment segment)
    {
        Departs(segment);
        _batch.Leave(segment);
        _failed(segment);
    }

    private void Departs(WorkerSegment segment)
    {
        _outside.Remove(segment);
        _departures++;
        segment.Session.Recomputed += segment.RecomputedTokens;
    }
}
