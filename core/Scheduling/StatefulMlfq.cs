using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling;

/// <summary><c>astraea-paper</c>: stateful multi-level feedback queues with HRRN inside, as published (Ni et al., arXiv 2512.14142 §4.1–4.3; SCHEDULING.md §1).</summary>
/// <remarks>
/// It promises no bound on waiting: a segment that never ran ages only in the last queue, so in the queues between it can starve under a stream of
/// work in the first (StarvationTests).
/// </remarks>
public sealed class StatefulMlfq : ISchedulingPolicy, IColumnScoring
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "astraea-paper";

    /// <summary>Name of the variant with its KV decisions and calls in the order they came.</summary>
    public const string FcfsName = "astraea-paper-fcfs";

    private readonly StatefulMlfqOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public StatefulMlfq(StatefulMlfqOptions? options = null)
    {
        _options = options ?? new StatefulMlfqOptions();
        SchedulingPolicies.Require(_options.Errors());
        Kv = PressureKv.Paper(_options.Pressure);
    }

    /// <summary>m: how many queues there are.</summary>
    public int Queues => _options.Thresholds.Length + 1;

    /// <inheritdoc/>
    public string Name => _options.FirstComeFirstServed ? FcfsName : PolicyName;

    /// <inheritdoc/>
    public IKvPolicy Kv { get; }

    /// <inheritdoc/>
    public bool CarriesDiscards => true;

    /// <inheritdoc/>
    public bool LowerQueuesFill => _options.LowerQueuesFill;

    /// <inheritdoc/>
    public bool BatchSynchronous => _options.BatchSynchronous;

    /// <summary>False: the paper preempts at segment boundaries.</summary>
    public bool PreemptsRunning => false;

    /// <inheritdoc/>
    public double GuardShare => 0;

    /// <inheritdoc/>
    public double GuardAfter => double.PositiveInfinity;

    /// <inheritdoc/>
    public Rank Rank(in RankInputs inputs, int poolBlocks, Instant now)
    {
        if (_options.FirstComeFirstServed)
            return new Rank(0, 0, inputs.SegmentSince, inputs.Request);
        double service = Math.Max(inputs.SegmentSeconds, SchedulingPolicies.SecondsMin);
        return new Rank(inputs.Level, (inputs.WaitedSeconds(now) + service) / service, inputs.Arrival, inputs.Request);
    }

    /// <inheritdoc/>
    public int Level(in LevelInputs inputs, Instant now)
    {
        if (inputs.Current < 0 || _options.FirstComeFirstServed)
            return 0;
        int last = Queues - 1;
        int current = Math.Min(inputs.Current, last);
        if (inputs.Segment > 0)
        {
            // The last queue has no threshold of its own: what sent a request there, the threshold above it, must be kept to leave it.
            int threshold = _options.Thresholds[Math.Min(current, last - 1)];
            if (inputs.Segment > threshold)
                return Math.Min(current + 1, last);
            return inputs.EndedInTool ? Math.Max(current - 1, 0) : current;
        }
        double service = Math.Max(inputs.SegmentSeconds, SchedulingPolicies.SecondsMin);
        bool aged = current == last && (inputs.WaitedSeconds + service) / service > _options.AgingRatio;
        return aged ? 0 : current;
    }

    /// <inheritdoc/>
    public bool ScoresColumns => !_options.FirstComeFirstServed;

    /// <inheritdoc/>
    public void Score(in RankColumns rows, int poolBlocks, Span<int> bands, Span<double> scores)
    {
        rows.Levels.CopyTo(bands);
        for (int i = 0; i < scores.Length; i++)
        {
            double service = Math.Max(rows.SegmentSeconds[i], SchedulingPolicies.SecondsMin);
            scores[i] = (rows.WaitedSeconds[i] + service) / service;
        }
    }

    /// <inheritdoc/>
    public double LevelHoldsUntil(in LevelInputs inputs)
    {
        if (Level(inputs, default) != inputs.Current)
            return 0;
        double service = Math.Max(inputs.SegmentSeconds, SchedulingPolicies.SecondsMin);
        return inputs.Current == Queues - 1 ? service * (_options.AgingRatio - 1) * (1 - 1e-9) : double.PositiveInfinity;
    }
}
