namespace Astraea.Core.KvCache.Policies;

/// <summary>Parameters of <see cref="TimeToLiveKv"/>.</summary>
public sealed record TimeToLiveOptions
{
    /// <summary>What a second of pinning costs, in seconds of delay saved. Positive.</summary>
    public double PinCost { get; init; } = 1;

    /// <summary>Time to live at most (s). Not negative.</summary>
    public double SecondsAtMost { get; init; } = 300;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(PinCost > 0) || double.IsInfinity(PinCost))
            yield return $"PinCost is {PinCost}: it must be a positive number.";
        if (!(SecondsAtMost >= 0) || double.IsInfinity(SecondsAtMost))
            yield return $"SecondsAtMost is {SecondsAtMost}: it must be a number of seconds, not negative.";
    }
}

/// <summary>Pins for as long as the chance that the tool answers in time is worth the memory; afterwards the cache decides.</summary>
/// <remarks>
/// Continuum (arXiv 2511.02230 §4.2): the time to live τ maximises P(T ≤ τ)·(reload + queueing) − cost·τ, where reload is what a lost context costs to get back and
/// queueing what a program waits when it must queue again. Here τ is looked for among the deciles of that tool's durations, given how long it has
/// worked; the queueing delay is the one the worker measures.
/// </remarks>
public sealed class TimeToLiveKv : LazyTierKv
{
    private const int Steps = 10;
    private readonly TimeToLiveOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public TimeToLiveKv(TimeToLiveOptions? options = null)
    {
        _options = options ?? new TimeToLiveOptions();
        Scheduling.SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public override string Name => "time-to-live";

    /// <inheritdoc/>
    public override double WatchedPressure => double.PositiveInfinity;

    /// <inheritdoc/>
    public override KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now)
    {
        double elapsed = wait.ElapsedSeconds(now);
        // Looked at again: the time to live has run out.
        double ttl = elapsed > 0 ? 0 : Seconds(situation, wait, now);
        return ttl > 0
            ? new KvChoice(KvDecision.Preserve, $"pinned for {ttl:0.00} s", KvReview.After(KvReview.At(now, ttl), now))
            : new KvChoice(KvDecision.None, "its time to live is over: left to the cache", null);
    }

    /// <summary>The time to live of greatest use (s).</summary>
    public double Seconds(in KvSituation situation, in KvWait wait, Instant now)
    {
        KvWaste waste = new(situation);
        double reload = situation.HostTakes ? Math.Min(waste.SwapInSeconds, waste.RecomputeSeconds) : waste.RecomputeSeconds;
        double benefit = reload + situation.QueueSeconds;
        double best = 0, bestUse = 0;
        for (int step = 1; step <= Steps; step++)
        {
            double share = (double)step / Steps;
            double seconds = KvReview.BinSlack * wait.RemainingSeconds(share, now);
            if (seconds > _options.SecondsAtMost)
                break;
            double use = share * benefit - _options.PinCost * seconds;
            if (use > bestUse)
                (best, bestUse) = (seconds, use);
        }
        return best;
    }
}
