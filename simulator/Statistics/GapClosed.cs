namespace Astraea.Simulator.Statistics;

/// <summary>How much of what could be gained is gained (SCHEDULING.md §7).</summary>
public static class GapClosed
{
    /// <summary>(best − ours) / (best − bound), seed by seed.</summary>
    /// <param name="best">The best deployable baseline.</param>
    /// <param name="ours">Ours.</param>
    /// <param name="bound">What a clairvoyant reaches.</param>
    /// <returns>Null where the bound is no better than the baseline on the mean: there is no gap to close.</returns>
    public static Interval? Of(IReadOnlyList<double> best, IReadOnlyList<double> ours, IReadOnlyList<double> bound)
    {
        if (best.Count != ours.Count || best.Count != bound.Count)
            throw new ArgumentException($"There are {best.Count}, {ours.Count} and {bound.Count} values: seeds need one of each.");
        if (best.Average() <= bound.Average())
            return null;
        // Jackknife of the ratio of sums: single seeds may have hardly any gap, and a mean of ratios would be theirs.
        double all = Ratio(best, ours, bound, -1);
        if (best.Count < 2)
            return new Interval(all, all, all, best.Count);
        int n = best.Count;
        return Interval.OfMean(Enumerable.Range(0, n).Select(skip => n * all - (n - 1) * Ratio(best, ours, bound, skip)));
    }

    private static double Ratio(IReadOnlyList<double> best, IReadOnlyList<double> ours, IReadOnlyList<double> bound, int skip)
    {
        double closed = 0, gap = 0;
        for (int i = 0; i < best.Count; i++)
        {
            if (i == skip)
                continue;
            closed += best[i] - ours[i];
            gap += best[i] - bound[i];
        }
        return closed / gap;
    }
}
