namespace Astraea.Core.KvCache.Policies;

/// <summary>Parameters of <see cref="MinWasteKv"/>.</summary>
public sealed record MinWasteOptions
{
    /// <summary>Whether a discarded context is computed again in chunks beside the batch.</summary>
    public bool ChunkedRecompute { get; init; } = true;

    /// <summary>Copy time of one context that running steps hide (s). Infinity: copies never stall the batch. Not negative.</summary>
    public double HiddenSeconds { get; init; } = double.PositiveInfinity;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(HiddenSeconds >= 0))
            yield return $"HiddenSeconds is {HiddenSeconds}: it must not be negative.";
    }
}

/// <summary>Preserve, swap or discard, whichever wastes least memory × time; the tool is expected to take as long as it has taken so far.</summary>
/// <remarks>
/// Abhyankar et al., InferCept (arXiv 2402.01869 §4.3): T_INT ≈ now − t_call, so every wait begins preserved and flips once, when what pinning has wasted
/// reaches what the cheaper alternative would: the moment is known at once and stored. With the answer's time known the choice is made once.
/// </remarks>
public sealed class MinWasteKv : LazyTierKv
{
    private readonly MinWasteOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public MinWasteKv(MinWasteOptions? options = null)
    {
        _options = options ?? new MinWasteOptions();
        Scheduling.SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public override string Name => "min-waste";

    /// <inheritdoc/>
    public override double WatchedPressure => double.PositiveInfinity;

    /// <inheritdoc/>
    public override KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now)
    {
        KvWaste waste = new(situation);
        double discard = _options.ChunkedRecompute ? waste.DiscardChunked() : waste.Discard();
        double swap = situation.HostTakes ? waste.Swap(_options.HiddenSeconds) : double.PositiveInfinity;
        double least = Math.Min(discard, swap);
        double expected = wait.ReturnsAt is { } at ? Math.Max(0, (at - now).TotalSeconds) : wait.ElapsedSeconds(now);
        double preserve = waste.Preserve(expected);
        if (preserve <= least)
        {
            Instant flips = wait.ReturnsAt is null ? KvReview.At(wait.Since, waste.BreakEven(least)) : KvReview.Never(now);
            return new KvChoice(KvDecision.Preserve, $"waste: preserve {preserve:0.0} ≤ {least:0.0} token s", KvReview.After(flips, now));
        }
        return swap <= discard
            ? new KvChoice(KvDecision.Swap, $"waste: swap {swap:0.0} < preserve {preserve:0.0}, discard {discard:0.0} token s", null)
            : new KvChoice(KvDecision.Discard, $"waste: discard {discard:0.0} < preserve {preserve:0.0}, swap {swap:0.0} token s", null);
    }
}
