namespace Astraea.Core.KvCache.Policies;

/// <summary>Parameters of <see cref="RankedTierKv"/>.</summary>
public sealed record RankedTierOptions
{
    /// <summary>Share of the device pool that contexts are ranked into; the rest is for growth. Above 0, at most 1.</summary>
    public double PoolShare { get; init; } = 0.9;

    /// <summary>How often a context on the device is ranked again while its tool works (s). Positive.</summary>
    public double RankAgainSeconds { get; init; } = 5;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(PoolShare is > 0 and <= 1))
            yield return $"PoolShare is {PoolShare}: it must be above 0 and at most 1.";
        if (!(RankAgainSeconds > 0) || double.IsInfinity(RankAgainSeconds))
            yield return $"RankAgainSeconds is {RankAgainSeconds}: it must be a positive number of seconds.";
    }
}

/// <summary>The busiest contexts stay on the device as far as it reaches, the next in the host tier, the rest is given up.</summary>
/// <remarks>MORI (arXiv 2606.00866 §4): idleness is relative, so the boundary lies where the device is full, not at a threshold. Whoever runs is busier than all that wait.</remarks>
public sealed class RankedTierKv : LazyTierKv
{
    private readonly RankedTierOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public RankedTierKv(RankedTierOptions? options = null)
    {
        _options = options ?? new RankedTierOptions();
        Scheduling.SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public override string Name => "ranked-tiers";

    /// <inheritdoc/>
    public override double WatchedPressure => _options.PoolShare;

    /// <inheritdoc/>
    public override bool RanksContexts => true;

    /// <inheritdoc/>
    public override KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now)
    {
        long needed = (long)situation.BusierBlocks + situation.OwnBlocks;
        double room = _options.PoolShare * situation.PoolBlocks;
        string rank = $"{situation.BusierBlocks} busier + {situation.OwnBlocks} own blocks";
        if (needed <= room)
            return new KvChoice(KvDecision.Preserve, $"{rank} ≤ {room:0}: device", KvReview.At(now, _options.RankAgainSeconds));
        return situation.HostTakes
            ? new KvChoice(KvDecision.Swap, $"{rank} > {room:0}: host", null)
            : new KvChoice(KvDecision.Discard, $"{rank} > {room:0}, and no room in the host tier: discard", null);
    }
}
