using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary>Parameters of <see cref="Lamps"/>.</summary>
public sealed record LampsOptions
{
    /// <summary>Wait after which a segment goes before all that have waited less (multiples of its own service). Positive; infinity for never.</summary>
    public double StarvedAfter { get; init; } = 100;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(StarvedAfter > 0))
            yield return $"StarvedAfter is {StarvedAfter}: it must be positive.";
    }
}

/// <summary><c>lamps</c>: least memory × time to come first, with the handling of the tool call foreseen.</summary>
/// <remarks>
/// Shahout et al., LAMPS, also MARS (arXiv 2410.18248 §3–4): before a call runs, its output and the tool's time are predicted, the handling of least waste is
/// chosen from them, and the area under its memory curve until the tool has answered is its rank; whoever was passed over for long goes first. Simplified: the
/// curve is linear in each phase, the batch beside it counts only in the KV decision (<see cref="PredictedWasteKv"/>), and starving is judged by time, not by counting steps.
/// </remarks>
public sealed class Lamps : PlainPolicy
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "lamps";

    private readonly LampsOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public Lamps(LampsOptions? options = null) : base(PolicyName, new PredictedWasteKv())
    {
        _options = options ?? new LampsOptions();
        SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now)
    {
        double service = Math.Max(inputs.SegmentSeconds, SchedulingPolicies.SecondsMin);
        double waited = inputs.OpenWaitSeconds(now);
        if (waited > _options.StarvedAfter * service)
            return new Rank(0, waited, inputs.Arrival, inputs.Request);
        return new Rank(1, 1 / Math.Max(MemoryTime(inputs), SchedulingPolicies.SecondsMin), inputs.Arrival, inputs.Request);
    }

    /// <summary>Area under the memory curve from the start of the segment until its tool has answered and the context is back (token s).</summary>
    public static double MemoryTime(in RankInputs inputs)
    {
        double end = inputs.ContextTokens + inputs.OutputTokens;
        double running = inputs.SegmentSeconds * (inputs.ContextTokens + inputs.OutputTokens / 2);
        double growth = end / Math.Max(1, inputs.ContextTokens);
        double preserve = inputs.ToolSeconds * end;
        double discard = inputs.RecomputeSeconds * growth * end / 2;
        double swap = 2 * inputs.SwapSeconds * growth * end;
        return running + Math.Min(preserve, Math.Min(discard, swap));
    }
}
