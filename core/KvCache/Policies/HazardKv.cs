namespace Astraea.Core.KvCache.Policies;

/// <summary>Parameters of <see cref="HazardKv"/>.</summary>
public sealed record HazardKvOptions
{
    /// <summary>Pressure below which pinning costs nobody anything (share of the pool). 0 to 1.</summary>
    public double FreeBelow { get; init; } = 0.6;

    /// <summary>While pinning is free, how often that is looked at again (s). Positive.</summary>
    public double LookAgainSeconds { get; init; } = 5;

    /// <summary>Longest pin between two looks (s). Positive.</summary>
    public double PinSecondsMax { get; init; } = 300;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(FreeBelow is >= 0 and <= 1))
            yield return $"FreeBelow is {FreeBelow}: it must be 0 to 1.";
        if (!(LookAgainSeconds > 0) || double.IsInfinity(LookAgainSeconds))
            yield return $"LookAgainSeconds is {LookAgainSeconds}: it must be a positive number of seconds.";
        if (!(PinSecondsMax > 0) || double.IsInfinity(PinSecondsMax))
            yield return $"PinSecondsMax is {PinSecondsMax}: it must be a positive number of seconds.";
    }
}

/// <summary>Pins exactly as long as the tool's hazard says it pays, then swaps, or discards without room in the host tier.</summary>
/// <remarks>
/// InferCept compares one guess of the tool's time (arXiv 2402.01869 §4.3); waits are heavy-tailed, and the longer one has lasted the longer it will. So the pin time τ
/// is chosen that wastes least in expectation: W(τ) = C·E[min(T, τ)] + P(T > τ)·A, where T is what the wait still lasts <em>given</em> how long it has lasted, and A the
/// waste of the cheaper alternative (<see cref="KvWaste"/>). τ = 0 is to let go now; otherwise τ is when the inequality flips, and is stored. T stands in ten
/// conditional quantiles, so W is least at one of them. Below the watermark nobody else wants the memory and pinning is free.
/// </remarks>
public sealed class HazardKv : LazyTierKv
{
    private const int Parts = 10;
    private static readonly double[] s_shares = [.. Enumerable.Range(0, Parts).Select(static i => (i + 0.5) / Parts)];
    private readonly HazardKvOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public HazardKv(HazardKvOptions? options = null)
    {
        _options = options ?? new HazardKvOptions();
        Scheduling.SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public override string Name => "hazard";

    /// <summary>Never: every pin carries the time at which it is to be looked at.</summary>
    public override double WatchedPressure => double.PositiveInfinity;

    /// <inheritdoc/>
    public override KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now)
    {
        if (situation.Pressure < _options.FreeBelow && situation.WantedBlocks == 0)
        {
            return new KvChoice(
                KvDecision.Preserve, $"pressure {situation.Pressure:0.00} < {_options.FreeBelow:0.00}: pinning is free", KvReview.At(now, _options.LookAgainSeconds));
        }
        KvWaste waste = new(situation);
        double discard = waste.DiscardChunked();
        double swap = situation.HostTakes ? waste.Swap(double.PositiveInfinity) : double.PositiveInfinity;
        double pin = PinSeconds(wait, waste.BreakEven(Math.Min(swap, discard)), now);
        if (pin > 0)
            return new KvChoice(KvDecision.Preserve, $"pressure {situation.Pressure:0.00}: pinned for {pin:0.00} s", KvReview.After(KvReview.At(now, pin), now));
        return swap <= discard
            ? new KvChoice(KvDecision.Swap, $"pressure {situation.Pressure:0.00}: to wait longer wastes more than to swap, {situation.CopyBlocks} blocks to copy", null)
            : new KvChoice(KvDecision.Discard, $"pressure {situation.Pressure:0.00}: to wait longer wastes more than to compute again", null);
    }

    /// <summary>The pin time of least expected waste (s).</summary>
    /// <param name="wait">The wait.</param>
    /// <param name="alternative">Waste of letting go, in seconds of pinning: A/C (s).</param>
    /// <param name="now">The moment.</param>
    public double PinSeconds(in KvWait wait, double alternative, Instant now)
    {
        Span<double> seconds = stackalloc double[Parts];
        if (wait.ReturnsAt is not null)
            seconds.Fill(wait.RemainingSeconds(0.5, now));
        else
            wait.Durations.Remaining(wait.Category, wait.Tool, s_shares, wait.ElapsedSeconds(now), seconds);
        double best = 0, bestWaste = alternative;
        double held = 0;
        for (int i = 0; i < Parts; i++)
        {
            // Pinned until the i-th part has answered: the parts before paid their own time, those after pay this one and the alternative.
            held += seconds[i] / Parts;
            double later = (double)(Parts - 1 - i) / Parts;
            double pin = KvReview.BinSlack * seconds[i];
            double expected = held + later * (pin + alternative);
            if (expected < bestWaste && pin <= _options.PinSecondsMax)
                (best, bestWaste) = (pin, expected);
        }
        return best;
    }
}
