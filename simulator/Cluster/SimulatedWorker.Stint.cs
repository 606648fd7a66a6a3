using Astraea.Core;
using Astraea.Core.Batching;
using Astraea.Simulator.Cluster.Memory;

namespace Astraea.Simulator.Cluster;

// Stints: planning one, how long it may be, cutting it short, and what it has done when it is over.
internal sealed partial class SimulatedWorker
{
    /// <summary>While segments wait inside, ranks are looked at again at least this often (s).</summary>
    private const double LookAgainSeconds = 0.1;

    private readonly List<WorkerSegment> _ended = [];
    private IReadOnlyList<PlannedRows<WorkerSegment>> _plan = [];
    private StepSeconds.Rows _rows;
    private Instant _stintFrom;
    private int _stintSteps;
    private long _departures;

    /// <summary>Whether it computes.</summary>
    public bool InStint => _stintSteps > 0;

    /// <summary>Counts plans; what was scheduled for an earlier one is void.</summary>
    public long Stamp { get; private set; }

    /// <summary>Plans the next stint.</summary>
    /// <returns>When it ends; when there is nothing to compute, when to look again, or null for not before something comes from outside.</returns>
    public Instant? Begin(Instant now)
    {
        Stamp++;
        Now = Memory.Now = now;
        _plan = _batch.PlanStep(now);
        NoteAdmissions(now);
        if (_plan.Count == 0)
            return Pause(now);
        _rows = default;
        foreach ((WorkerSegment segment, int rows) in _plan)
            _rows = segment.Decoding ? _rows.PlusDecode(segment.Kv.Computed) : _rows.PlusPrefill(segment.Kv.Computed, rows);
        _stintFrom = _copies.MayWrite(now);
        Totals.StalledSeconds += (_stintFrom - now).TotalSeconds;
        _stintSteps = 1;
        if (_rows.PrefillRows == 0)
            _stintSteps = StepsAtOnce();
        return EndOf(_stintSteps);
    }

    /// <summary>Something has come from outside: the step under way is the last one.</summary>
    /// <returns>When the stint ends now; null when that has not changed.</returns>
    public Instant? CutShort(Instant now)
    {
        int steps = StepsUntil(now, _stintSteps);
        if (steps >= _stintSteps)
            return null;
        _stintSteps = steps;
        Stamp++;
        return EndOf(steps);
    }

    /// <summary>The stint is over: books it.</summary>
    /// <returns>Segments that are complete.</returns>
    public IReadOnlyList<WorkerSegment> Complete(Instant now)
    {
        Now = Memory.Now = now;
        _ended.Clear();
        int steps = _stintSteps;
        _stintSteps = 0;
        if (steps == 0)
            return _ended;
        double seconds = _cost.Many(_rows, steps);
        double perRow = seconds / _rows.All;
        foreach ((WorkerSegment segment, int rows) in _plan)
        {
            if (segment.Running)
                Book(segment, segment.Decoding ? steps : rows, segment.Decoding ? perRow : perRow * rows);
        }
        for (int step = 0; step < steps; step++)
            _costs.Step(_rows.PrefillRows, _rows.DecodeRows, steps == 1 ? seconds : _cost.One(_rows with { DecodeContext = _rows.DecodeContext + (long)step * _rows.DecodeRows }));
        Totals.Steps += steps;
        Totals.PrefillTokens += _rows.PrefillRows;
        Totals.BusySeconds += seconds;
        return _ended;
    }

    private void Book(WorkerSegment segment, int rows, double seconds)
    {
        ContextKv kv = segment.Kv;
        _batch.Computed(segment, rows, seconds);
        int computed = kv.Computed + rows;
        if (segment.Decoding)
        {
            // The last of the tokens drawn in between has no KV yet, as after a single step.
            Memory.TryGrow(kv, computed);
            kv.Length += rows - 1;
            segment.Generated += rows - 1;
            Totals.OutputTokens += rows - 1;
        }
        Memory.Commit(kv, computed);
        if (kv.Pending > 0)
            return;
        segment.Decoding = true;
        kv.Length++;
        segment.Generated++;
        Totals.OutputTokens++;
        if (segment.Generated >= segment.Target)
            _ended.Add(segment);
    }

    /// <summary>Nothing to compute: either copies are on their way, or there is no work.</summary>
    private Instant? Pause(Instant now)
    {
        Instant? next = _batch.Idle.NextReview;
        if (_batch.Running.Count == 0)
            return next is { } review && review <= now ? now.Plus(LookAgainSeconds) : next;
        Instant arrives = new(long.MaxValue);
        foreach (WorkerSegment segment in _batch.Running)
        {
            if (segment.Kv.AvailableAt < arrives)
                arrives = segment.Kv.AvailableAt;
        }
        Totals.StalledSeconds += (arrives - now).TotalSeconds;
        return arrives;
    }

    private void NoteAdmissions(Instant now)
    {
        for (int i = _outside.Count - 1; i >= 0; i--)
        {
            if (!_outside[i].Running)
                continue;
            _outside[i].Session.Runs(now);
            _outside.RemoveAt(i);
        }
        foreach (WorkerSegment segment in _batch.Waiting)
        {
            if (!segment.WasAdmitted || segment.Session.WaitsSince is not null)
                continue;
            segment.Session.WaitsSince = now;
            _outside.Add(segment);
        }
    }

    private int StepsAtOnce()
    {
        int steps = int.MaxValue;
        foreach ((WorkerSegment segment, _) in _plan)
            steps = Math.Min(steps, segment.Target - segment.Generated);
        if (steps <= 1)
            return 1;
        int blocks = Memory.DeviceAvailable;
        bool looksAgain = _batch.Waiting.Count > 0;
        if (_batch.Idle.Preserved > 0)
        {
            double calm = _policy.Kv.WatchedPressure * Memory.DeviceBlocks - Memory.DeviceUsed;
            looksAgain |= calm <= 0;
            if (calm > 0)
                blocks = Math.Min(blocks, (int)calm + 1);
        }
        if (_plan.Count < _batch.Running.Count)
        {
            foreach (WorkerSegment segment in _batch.Running)
                steps = segment.MayCompute ? steps : Math.Min(steps, StepsUntil(segment.Kv.AvailableAt, steps));
        }
        if (looksAgain)
            steps = Math.Min(steps, StepsUntil(_stintFrom.Plus(LookAgainSeconds), steps));
        if (_batch.Idle.NextReview is { } review)
            steps = Math.Min(steps, StepsUntil(review, steps));
        return StepsWithin(blocks, steps);
    }

    /// <summary>The most steps, up to so many, that take no more new blocks than there are; at least one, whose blocks are secured.</summary>
    private int StepsWithin(int blocks, int steps)
    {
        int blockTokens = _hardware.BlockTokens;
        if ((long)_plan.Count * (steps / blockTokens + 1) <= blocks)
            return steps;
        int enough = 1, tooMany = steps + 1;
        while (tooMany - enough > 1)
        {
            int middle = (enough + tooMany) / 2;
            long needed = 0;
            foreach ((WorkerSegment segment, _) in _plan)
                needed += Math.Max(0, segment.Kv.BlocksFor(segment.Kv.Computed + middle) - segment.Kv.BlockCount);
            if (needed <= blocks)
                enough = middle;
            else
                tooMany = middle;
        }
        return enough;
    }

    /// <summary>Steps begun before a moment: at least one, at most so many.</summary>
    private int StepsUntil(Instant moment, int most)
    {
        int few = 1, enough = most;
        while (few < enough)
        {
            int middle = few + (enough - few) / 2;
            if (EndOf(middle) >= moment)
                enough = middle;
            else
                few = middle + 1;
        }
        return few;
    }

    private Instant EndOf(int steps) => _stintFrom.Plus(_cost.Many(_rows, steps));
}
