using System.Diagnostics;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Kernels;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>What an engine is made of.</summary>
internal sealed record EngineParts(
    WorkerId Worker, IModelRunner Runner, ISampler Sampler, ISchedulingPolicy Policy, WorkerOptions Options, TimeProvider Time);

/// <summary>Continuous batching over paged KV, one step at a time. One thread owns it; <see cref="EngineLoop"/> is that thread.</summary>
/// <remarks>
/// Step = review preserved KV, rank, admit, plan rows, secure blocks, forward, sample, let go of what has ended.
/// Iteration-level batching: Yu et al. 2022 (Orca) §3; preemption by swap or recomputation: Kwon et al. 2023 (PagedAttention) §4.5.
/// </remarks>
internal sealed partial class EngineCore
{
    private readonly EngineParts _parts;
    private readonly IModelRunner _runner;
    private readonly ISchedulingPolicy _policy;
    private readonly List<EngineSegment> _waiting = [];
    private readonly List<EngineSegment> _running = [];
    private readonly List<EngineSegment> _candidates = [];
    private readonly List<EngineSegment> _runnable = [];
    private readonly List<PlannedRows> _plan = [];
    private readonly StepBatch _batch = new();
    private float[] _logits = [];
    private Totals _totals;
    private long _departures;

    public EngineCore(EngineParts parts)
    {
        _parts = parts;
        _runner = parts.Runner;
        _policy = parts.Policy;
        WorkerOptions options = parts.Options;
        Store = new KvStore(_runner.Kv, _runner.Kv.Blocks, options.HostBlocks, writesBack: _policy.KvPolicy != KvPolicyKind.PressurePaper);
        Idle = new IdleKv(Store, _policy.KvPolicy, new KvPressureSettings(
            options.PressureLow, options.PressureHigh, options.DiscardIgnoresHost, KvPressureSettings.Default.ReviewAfter,
            TimeSpan.FromSeconds(options.PreserveSeconds)), parts.Worker);
    }

    public KvStore Store { get; }

    public IdleKv Idle { get; }

    public CostMeter Costs { get; } = new();

    /// <summary>Why nothing runs here any more (a fault, or a drain), or null.</summary>
    public string? Quarantine { get; private set; }

    /// <summary>Grows whenever room was made or KV moved: a reason to ask for work again.</summary>
    public long Turnover => _departures + Idle.Decisions;

    /// <summary>Segments inside.</summary>
    public int Segments => _waiting.Count + _running.Count;

    public void Calibrate() => Costs.Calibrate(_runner, _parts.Options.StepTokens, _parts.Options.Slots, _parts.Time);

    /// <summary>Takes a segment in.</summary>
    public void Start(EngineSegment segment)
    {
        SequenceKv? older = Idle.Take(segment.Attempt.Request, out long migrated);
        segment.MigratedBytes = migrated;
        if (older is not null)
        {
            segment.Resumes(older);
            int taken = segment.Kv.TakeOver(older);
            for (int i = older.BlockCount - 1; i >= taken; i--)
                Store.Device.Release(older.Blocks[i]);
            older.ClearBlocks();
        }
        segment.TakeForced();
        if (Quarantine is { } reason)
            Leave(segment, new SegmentEnd.Returned(reason, segment.Usage));
        else if (segment.Output.Ended is not null)
            Finish(segment);
        else if (segment.Work.ContextTokens.Length >= _runner.Shape.ContextTokensMax)
            Leave(segment, new SegmentEnd.Failed("context_length_exceeded",
                $"The context has {segment.Work.ContextTokens.Length} tokens; the model takes {_runner.Shape.ContextTokensMax} with the answer."));
        else
            _waiting.Add(segment);
    }

    /// <summary>Stops a segment and frees what it holds. Unknown ones are ignored: they have ended.</summary>
    public void Stop(SegmentAttempt attempt)
    {
        if (Find(attempt) is { } segment)
            Leave(segment, new SegmentEnd.Stopped());
    }

    /// <summary>Gives all segments back and takes no more.</summary>
    public void ReturnAll(string reason)
    {
        Quarantine ??= reason;
        for (EngineSegment? segment; (segment = _running.LastOrDefault() ?? _waiting.LastOrDefault()) is not null;)
            Leave(segment, new SegmentEnd.Returned(reason, segment.Usage));
    }

    /// <summary>The device cannot be trusted: everything goes back, and nothing more is taken.</summary>
    public void Fault(string reason)
    {
        Quarantine ??= reason;
        _departures++;
        // Blocks are not released: after a fault the accounting may be what broke, and nothing runs here again.
        foreach (EngineSegment segment in _running.Concat(_waiting).ToArray())
        {
            Remove(segment);
            segment.Sink.End(new SegmentEnd.Returned(reason, segment.Usage));
        }
    }

    /// <summary>Runs one step.</summary>
    /// <returns>False when there was nothing to compute.</returns>
    public bool Step()
    {
        if (Quarantine is not null)
            return false;
        Instant now = Now();
        Idle.Review(ReservedBlocks(), now);
        RankAll(now);
        Admit(now);
        PlanRows();
        Secure(now);
        Forward();
        if (_batch.Rows == 0)
            return false;
        Draw();
        return true;
    }

    public WorkerSnapshot Snapshot() => new(
        Store.Device.Total, Store.Device.Used, Idle.PinnedBlocks, Store.Device.Cached, BlocksOffered(), Store.Host.Total, Store.Host.Holding, Store.Host.Room,
        _running.Count, _waiting.Count, Idle.Count, Idle.Preserved, _totals.Steps, _totals.Prefill, _totals.Sampled, _totals.Recomputed,
        _totals.Preemptions, _totals.SwappedOut, _totals.SwappedIn, _totals.Busy, Costs.Profile, Quarantine);

    /// <summary>Throws when an invariant of the accounting is broken.</summary>
    public void Check()
    {
        Store.Device.Check();
        Store.Host.Check();
    }

    private Instant Now() => Instant.From(_parts.Time.GetUtcNow());

    private EngineSegment? Find(SegmentAttempt attempt) =>
        _running.Find(s => s.Attempt == attempt) ?? _waiting.Find(s => s.Attempt == attempt);

    private void RankAll(Instant now)
    {
        foreach (EngineSegment segment in _running)
            segment.RankNow(_policy, Store.Device.Total, now);
        foreach (EngineSegment segment in _waiting)
            segment.RankNow(_policy, Store.Device.Total, now);
        _waiting.Sort(static (a, b) => a.Rank.CompareTo(b.Rank));
    }

    private void PlanRows()
    {
        _runnable.Clear();
        _running.Sort(static (a, b) => a.Rank.CompareTo(b.Rank));
        foreach (EngineSegment segment in _running)
        {
            // A segment whose output nobody makes durable pauses; its memory may still be taken.
            if (segment.Sink.Unreported < _parts.Options.UnreportedTokens)
                _runnable.Add(segment);
        }
        RowPlanner.Plan(_runnable, _parts.Options.StepTokens, _policy.GuardShare, _plan);
    }

    private void Forward()
    {
        _batch.Clear();
        _plan.RemoveAll(static p => !p.Segment.Running);
        foreach ((EngineSegment segment, int rows) in _plan)
        {
            SequenceKv kv = segment.Kv;
            _batch.Add(new StepSequence(kv.Rows(kv.Computed, rows), kv.Computed, kv.Table, WantsLogits: rows == kv.Pending));
        }
        if (_batch.Rows == 0)
            return;
        int size = _batch.LogitRows * _runner.Shape.Vocabulary;
        if (_logits.Length < size)
            _logits = new float[size];
        long from = _parts.Time.GetTimestamp();
        _runner.Forward(_batch, _logits.AsSpan(0, size));
        Account(_parts.Time.GetElapsedTime(from).TotalSeconds);
    }

    private void Account(double seconds)
    {
        int decodeRows = 0;
        foreach ((EngineSegment segment, int rows) in _plan)
        {
            int recomputed = segment.RecomputedTokens;
            segment.Computed(rows);
            segment.DeviceSeconds += seconds * rows / _batch.Rows;
            _totals.Recomputed += segment.RecomputedTokens - recomputed;
            decodeRows += segment.Decoding ? rows : 0;
            Store.Commit(segment.Kv, segment.Kv.Computed + rows);
        }
        _totals.Steps++;
        _totals.Prefill += _batch.Rows - decodeRows;
        _totals.Busy += seconds;
        Costs.Step(_batch.Rows - decodeRows, decodeRows, seconds);
    }

    private void Draw()
    {
        int vocabulary = _runner.Shape.Vocabulary;
        // Before any token is drawn: a device that makes one such logit is not believed in the other rows either.
        if (!Finite.All(_logits.AsSpan(0, _batch.LogitRows * vocabulary)))
        {
            Fault($"worker {_parts.Worker}: the model gave a logit that is not a number, or not a finite one");
            return;
        }
        int row = 0;
        foreach ((EngineSegment segment, _) in _plan)
        {
            if (segment.Kv.Pending > 0)
                continue;
            DrawFor(segment, _logits.AsSpan(vocabulary * row++, vocabulary));
        }
    }

    private void DrawFor(EngineSegment segment, Span<float> logits)
    {
        try
        {
            SegmentOutput output = segment.Output;
            output.Mask(logits);
            segment.TakeSampled(_parts.Sampler.Sample(
                logits, segment.Work.Spec.Sampling, segment.Attempt.Segment, output.Count, output.Tokens));
            segment.Decoding = true;
            _totals.Sampled++;
            if (output.Ended is not null)
                Finish(segment);
        }
        catch (Exception e) when (e is not UnreachableException)
        {
            // A form or a stop text that cannot be handled fails its segment, never the engine.
            Leave(segment, new SegmentEnd.Failed("segment_failed", $"The output could not be handled: {e.Message}"));
        }
    }

    private void Finish(EngineSegment segment)
    {
        OutputEnd end = segment.Output.Ended!.Value;
        if (end.Finish is not { } finish)
        {
            Leave(segment, new SegmentEnd.Failed("output_not_in_form", end.Trouble ?? "The output does not fit the form asked for."));
            return;
        }
        KvPlace place;
        if (finish == FinishReason.ToolCalls)
        {
            Remove(segment);
            (place, long swapped) = Idle.Park(segment.Attempt.Request, segment.Kv, ReservedBlocks(), Now());
            segment.SwappedOutBytes += swapped;
            _totals.SwappedOut += swapped;
        }
        else
        {
            Remove(segment);
            Store.Detach(segment.Kv, KvRelease.Recent);
            place = Idle.PlaceOf(segment.Kv, KvDecision.None, "the answer is complete: left to the prefix cache by least recent use");
        }
        _departures++;
        segment.Sink.End(new SegmentEnd.Finished(finish, segment.Output.Calls, segment.Usage, place.ResidentTokens > 0 ? place : null));
    }

    private void Leave(EngineSegment segment, SegmentEnd end)
    {
        Remove(segment);
        Store.Detach(segment.Kv, KvRelease.Recent);
        _departures++;
        segment.Sink.End(end);
    }

    private void Remove(EngineSegment segment)
    {
        if (!_running.Remove(segment))
            _waiting.Remove(segment);
    }

    private struct Totals
    {
        public long Steps, Prefill, Sampled, Recomputed, Preemptions, SwappedOut, SwappedIn;
        public double Busy;
    }
}
