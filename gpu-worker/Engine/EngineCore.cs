using System.Diagnostics;
using Astraea.Core;
using Astraea.Core.Batching;
using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;
using Astraea.Worker.Kernels;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>What an engine is made of.</summary>
internal sealed record EngineParts(
    WorkerId Worker, IModelRunner Runner, ISampler Sampler, ISchedulingPolicy Policy, WorkerOptions Options, TimeProvider Time);

/// <summary>Continuous batching over paged KV, one step at a time. One thread owns it; <see cref="EngineLoop"/> is that thread.</summary>
/// <remarks>
/// Step = decide (<see cref="Batch{TSegment, TKv}"/>), forward, sample, let go of what has ended. Who runs and who holds memory is decided in core.
/// </remarks>
internal sealed partial class EngineCore
{
    private readonly EngineParts _parts;
    private readonly IModelRunner _runner;
    private readonly ISchedulingPolicy _policy;
    private readonly Batch<EngineSegment, SequenceKv> _batch;
    private IReadOnlyList<PlannedRows<EngineSegment>> _plan = [];
    private readonly StepBatch _step = new();
    private float[] _logits = [];
    private Totals _totals;
    private long _departures;

    public EngineCore(EngineParts parts)
    {
        _parts = parts;
        _runner = parts.Runner;
        _policy = parts.Policy;
        WorkerOptions options = parts.Options;
        IKvPolicy kv = WithSettings(_policy.Kv, options);
        Store = new KvStore(_runner.Kv, _runner.Kv.Blocks, kv.HostTier ? options.HostBlocks : 0, kv.WritesBack);
        _batch = new Batch<EngineSegment, SequenceKv>(
            Store, _policy, kv, new BatchLimits(options.Slots, options.StepTokens), Costs, parts.Worker, FailForSize);
    }

    public KvStore Store { get; }

    public IdleKv<SequenceKv> Idle => _batch.Idle;

    public StepCostMeter Costs { get; } = new(Calibration.Unmeasured);

    /// <summary>Why nothing runs here any more (a fault, or a drain), or null.</summary>
    public string? Quarantine { get; private set; }

    /// <summary>Grows whenever room was made or KV moved: a reason to ask for work again.</summary>
    public long Turnover => _departures + Idle.Decisions;

    /// <summary>Segments inside.</summary>
    public int Segments => _batch.Count;

    public void Calibrate() => Costs.Set(Calibration.Measure(_runner, _parts.Options.StepTokens, _parts.Options.Slots, _parts.Time));

    /// <summary>Takes a segment in.</summary>
    public void Start(EngineSegment segment)
    {
        _batch.Resume(segment, segment.Attempt.Request, segment.ReadySince);
        segment.TakeForced();
        if (Quarantine is { } reason)
            Leave(segment, new SegmentEnd.Returned(reason, segment.Usage));
        else if (segment.Output.Ended is not null)
            Finish(segment);
        else if (segment.Work.ContextTokens.Length >= _runner.Shape.ContextTokensMax)
            Leave(segment, new SegmentEnd.Failed("context_length_exceeded",
                $"The context has {segment.Work.ContextTokens.Length} tokens; the model takes {_runner.Shape.ContextTokensMax} with the answer."));
        else
            _batch.Add(segment);
    }

    /// <summary>Stops a segment and frees what it holds. Unknown ones are ignored: they have ended.</summary>
    public void Stop(SegmentAttempt attempt)
    {
        if (_batch.Find(attempt) is { } segment)
            Leave(segment, new SegmentEnd.Stopped());
    }

    /// <summary>Gives all segments back and takes no more.</summary>
    public void ReturnAll(string reason)
    {
        Quarantine ??= reason;
        while (_batch.Any is { } segment)
            Leave(segment, new SegmentEnd.Returned(reason, segment.Usage));
    }

    /// <summary>The device cannot be trusted: everything goes back, and nothing more is taken.</summary>
    public void Fault(string reason)
    {
        Quarantine ??= reason;
        _departures++;
        // Blocks are not released: after a fault the accounting may be what broke, and nothing runs here again.
        foreach (EngineSegment segment in _batch.Running.Concat(_batch.Waiting).ToArray())
        {
            _batch.Abandon(segment);
            segment.Sink.End(new SegmentEnd.Returned(reason, segment.Usage));
        }
    }

    /// <summary>Runs one step.</summary>
    /// <returns>False when there was nothing to compute.</returns>
    public bool Step()
    {
        if (Quarantine is not null)
            return false;
        _plan = _batch.PlanStep(Now());
        Forward();
        if (_step.Rows == 0)
            return false;
        Draw();
        return true;
    }

    public WorkerSnapshot Snapshot() => new(
        Store.Device.Total, Store.Device.Used, Idle.PinnedBlocks, Store.Device.Cached, _batch.BlocksOffered(), Store.Host.Total, Store.Host.Holding,
        Store.Host.Room, _batch.Running.Count, _batch.Waiting.Count, Idle.Count, Idle.Preserved, _totals.Steps, _totals.Prefill, _totals.Sampled,
        _batch.RecomputedTokens, _batch.Preemptions, _batch.SwappedOutBytes, _batch.SwappedInBytes, _totals.Busy, Costs.Profile, Quarantine);

    /// <summary>Throws when an invariant of the accounting is broken.</summary>
    public void Check()
    {
        Store.Device.Check();
        Store.Host.Check();
    }

    private Instant Now() => Instant.From(_parts.Time.GetUtcNow());

    private void Forward()
    {
        _step.Clear();
        foreach ((EngineSegment segment, int rows) in _plan)
        {
            SequenceKv kv = segment.Kv;
            _step.Add(new StepSequence(kv.Rows(kv.Computed, rows), kv.Computed, kv.Table, WantsLogits: rows == kv.Pending));
        }
        if (_step.Rows == 0)
            return;
        int size = _step.LogitRows * _runner.Shape.Vocabulary;
        if (_logits.Length < size)
            _logits = new float[size];
        long from = _parts.Time.GetTimestamp();
        _runner.Forward(_step, _logits.AsSpan(0, size));
        Account(_parts.Time.GetElapsedTime(from).TotalSeconds);
    }

    private void Account(double seconds)
    {
        int decodeRows = 0;
        foreach ((EngineSegment segment, int rows) in _plan)
        {
            _batch.Computed(segment, rows, seconds * rows / _step.Rows);
            decodeRows += segment.Decoding ? rows : 0;
            Store.Commit(segment.Kv, segment.Kv.Computed + rows);
        }
        _totals.Steps++;
        _totals.Prefill += _step.Rows - decodeRows;
        _totals.Busy += seconds;
        Costs.Step(_step.Rows - decodeRows, decodeRows, seconds);
    }

    private void Draw()
    {
        int vocabulary = _runner.Shape.Vocabulary;
        // Before any token is drawn: a device that makes one such logit is not believed in the other rows either.
        if (!Finite.All(_logits.AsSpan(0, _step.LogitRows * vocabulary)))
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
        KvPlace place = finish == FinishReason.ToolCalls
            ? _batch.Park(segment, ToolClass.Of(segment.Output.Calls[0].Name, segment.Output.Calls[0].Arguments), Now())
            : _batch.Finish(segment);
        _departures++;
        segment.Sink.End(new SegmentEnd.Finished(finish, segment.Output.Calls, segment.Usage, place.ResidentTokens > 0 ? place : null));
    }

    /// <summary>Watermarks belong to a worker's machine: they are its options, where a policy has them at all.</summary>
    private static IKvPolicy WithSettings(IKvPolicy kv, WorkerOptions options)
    {
        if (kv is not PressureKv pressure)
            return kv;
        KvPressureSettings settings = new(
            options.PressureLow, options.PressureHigh, options.DiscardIgnoresHost, KvPressureSettings.Default.ReviewAfter,
            TimeSpan.FromSeconds(options.PreserveSeconds));
        return pressure.WritesBack ? PressureKv.Lazy(settings) : PressureKv.Paper(settings);
    }

    private void FailForSize(EngineSegment segment) => Leave(segment, new SegmentEnd.Failed(
        "context_exceeds_memory",
        $"The context needs {segment.Kv.BlocksFor(segment.Kv.Length)} KV blocks; worker {_parts.Worker} has {Store.Device.Total}."));

    private void Leave(EngineSegment segment, SegmentEnd end)
    {
        _batch.Leave(segment);
        _departures++;
        segment.Sink.End(end);
    }

    private struct Totals
    {
        public long Steps, Prefill, Sampled;
        public double Busy;
    }
}
