using System.Diagnostics;
using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling;

/// <summary>
/// <c>astraea</c>, the default: levels are geometric bins of a request's predicted remaining work, highest response ratio next inside a level, and a guard
/// lane bounds every wait (SCHEDULING.md §3).
/// </summary>
/// <remarks>score = (W + R)^a / (R · (1 + β·blocks/pool)); products and Sqrt only, so every machine computes the same bits.</remarks>
public sealed partial class HierarchicalHrrn : ISchedulingPolicy
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "astraea";

    /// <summary>Name of the variant with one level, for ablations.</summary>
    public const string FlatName = "astraea-flat";

    private readonly HierarchicalHrrnOptions _options;
    private readonly GuardLane _guard;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public HierarchicalHrrn(HierarchicalHrrnOptions? options = null)
    {
        _options = options ?? new HierarchicalHrrnOptions();
        SchedulingPolicies.Require(_options.Errors());
        _guard = double.IsInfinity(_options.GuardAfter) ? GuardLane.None : new GuardLane(_options.GuardAfter, _options.GuardShare);
        Active = _options.Window is { } window ? new AgentWindow(window) : null;
        Kv = _options.Kv switch
        {
            KvRule.Pressure => PressureKv.Lazy(_options.Pressure),
            KvRule.Hazard => new HazardKv(_options.Hazard),
            KvRule.RankedTiers => new RankedTierKv(_options.RankedTiers),
            KvRule.CacheOnly => new CacheOnly(),
            _ => throw new UnreachableException(),
        };
    }

    /// <inheritdoc/>
    public string Name => _options.Levels == 1 ? FlatName : PolicyName;

    /// <inheritdoc/>
    public IKvPolicy Kv { get; }

    /// <inheritdoc/>
    public IActivePrograms? Active { get; }

    /// <inheritdoc/>
    public bool WeighsTenants => !double.IsInfinity(_options.TenantSlackSeconds);

    /// <summary>Whether the score of a ready segment follows from level, W, T, R and blocks alone, so that many may be scored at a time.</summary>
    public bool ScoresColumns => _options.RestWeight == 1 && !_options.SkipJoin && double.IsInfinity(_options.TenantSlackSeconds);

    /// <inheritdoc/>
    public bool LowerQueuesFill => true;

    /// <inheritdoc/>
    public bool BatchSynchronous => false;

    /// <inheritdoc/>
    public bool PreemptsRunning => true;

    /// <inheritdoc/>
    public double GuardShare => _guard.Share;

    /// <inheritdoc/>
    public double GuardAfter => _guard.After;

    /// <inheritdoc/>
    public Rank Rank(in RankInputs inputs, int poolBlocks, Instant now)
    {
        if (_guard.TryRank(inputs, now, out Rank guarded))
            return guarded;
        double remaining = Remaining(inputs.RemainingSeconds, inputs.SegmentSeconds);
        double response = inputs.WaitedSeconds(now) + remaining;
        double gain = _options.Exponent switch
        {
            WaitExponent.Zero => 1,
            WaitExponent.Half => Math.Sqrt(response),
            WaitExponent.One => response,
            WaitExponent.Two => response * response,
            _ => throw new UnreachableException(),
        };
        double memory = 1 + _options.MemoryWeight * inputs.Blocks / Math.Max(1, poolBlocks);
        double share = inputs.TenantLead > _options.TenantSlackSeconds ? inputs.TenantLead / _options.TenantSlackSeconds : 1;
        int band = inputs.ReadySince is null ? RunningBand(inputs, remaining) : inputs.Level;
        return new Rank(band, gain / (remaining * memory * share), inputs.Arrival, inputs.Request);
    }

    /// <summary>The band of whoever runs: it falls as work is done, and never rises, so that two segments cannot displace each other in turn.</summary>
    private int RunningBand(in RankInputs inputs, double remaining)
    {
        if (inputs.ServedSeconds >= _options.PreemptUntil * inputs.SegmentSeconds)
            return 0;
        int level = _options.SkipJoin ? inputs.Level : Math.Min(inputs.Level, Bin(remaining));
        return Math.Max(0, level - _options.RunningLead);
    }

    /// <inheritdoc/>
    public int Level(in LevelInputs inputs, Instant now)
    {
        double remaining = Remaining(inputs.RemainingSeconds, inputs.SegmentSeconds);
        double ratio = (inputs.WaitedSeconds + remaining) / remaining;
        // FastServe (Wu et al., arXiv 2305.05920 §4): no descent through levels that the first segment alone is too long for.
        double size = _options.SkipJoin ? Math.Max(inputs.SegmentSeconds, inputs.AttainedSeconds) : remaining;
        for (double aged = _options.AgingRatio; ratio >= aged && size >= _options.FirstLevelSeconds; aged *= _options.AgingRatio)
            size /= _options.LevelFactor;
        if (inputs.Current < 0)
            return Bin(size);
        int current = Math.Min(inputs.Current, _options.Levels - 1);
        double slack = 1 + _options.Hysteresis;
        int down = Bin(size / slack);
        int up = Bin(size * slack);
        return down > current ? down : up < current ? up : current;
    }

    /// <summary>R is never below the segment's own predicted cost, nor zero.</summary>
    private double Remaining(double request, double segment) => _options.RestWeight == 1
        ? Math.Max(Math.Max(request, segment), SchedulingPolicies.SecondsMin)
        : Math.Max(segment + _options.RestWeight * Math.Max(0, request - segment), SchedulingPolicies.SecondsMin);

    private int Bin(double size)
    {
        int bin = 0;
        for (double bound = _options.FirstLevelSeconds; bin < _options.Levels - 1 && size >= bound; bound *= _options.LevelFactor)
            bin++;
        return bin;
    }
}
