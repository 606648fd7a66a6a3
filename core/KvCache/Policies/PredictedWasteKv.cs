namespace Astraea.Core.KvCache.Policies;

/// <summary>Preserve, swap or discard, whichever is predicted to waste least memory × time, decided once at the tool call.</summary>
/// <remarks>
/// LAMPS (arXiv 2410.18248 §3): the waste of InferCept with a predicted tool time in place of the time waited so far. Once decided it is not looked at again, so
/// a tool much slower than predicted keeps its memory until running work needs it.
/// </remarks>
public sealed class PredictedWasteKv : LazyTierKv
{
    /// <inheritdoc/>
    public override string Name => "predicted-waste";

    /// <inheritdoc/>
    public override double WatchedPressure => double.PositiveInfinity;

    /// <inheritdoc/>
    public override KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now)
    {
        KvWaste waste = new(situation);
        double seconds = wait.RemainingSeconds(0.5, now);
        double preserve = waste.Preserve(seconds);
        double discard = waste.DiscardChunked();
        double swap = situation.HostTakes ? waste.Swap(double.PositiveInfinity) : double.PositiveInfinity;
        if (preserve <= Math.Min(discard, swap))
        {
            return new KvChoice(
                KvDecision.Preserve, $"{seconds:0.0} s to wait: preserve wastes {preserve:0.0} ≤ {Math.Min(discard, swap):0.0} token s", KvReview.Never(now));
        }
        return swap <= discard
            ? new KvChoice(KvDecision.Swap, $"{seconds:0.0} s to wait: swap wastes {swap:0.0} < {preserve:0.0} token s", null)
            : new KvChoice(KvDecision.Discard, $"{seconds:0.0} s to wait: discard wastes {discard:0.0} < {preserve:0.0} token s", null);
    }
}
