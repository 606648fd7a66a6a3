using System.Collections.Immutable;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Statistics;

/// <summary>Whether the backlog grows: a mean over a run in which it does says nothing (SCHEDULING.md §6).</summary>
public static class Backlog
{
    private const int Batches = 10;

    /// <summary>Growth over the second half of the measurement, as a share of the mean backlog there, with its interval.</summary>
    /// <param name="samples">Of the run.</param>
    /// <param name="until">End of the measurement (virtual s).</param>
    /// <remarks>
    /// Ready and running segments, averaged over ten batches of time so that neighbours tell different things, then the slope of a line through them.
    /// </remarks>
    public static Interval Growth(ImmutableArray<TierSample> samples, double until)
    {
        double[] batches = Means(samples, until / 2, until);
        if (batches.Length < Batches)
            return new Interval(0, 0, 0, batches.Length);
        double mean = batches.Average(), middle = (Batches - 1) / 2.0;
        if (mean <= 0)
            return new Interval(0, 0, 0, Batches);
        double spread = 0, slope = 0, squares = 0;
        for (int i = 0; i < Batches; i++)
        {
            spread += (i - middle) * (i - middle);
            slope += (i - middle) * batches[i];
        }
        slope /= spread;
        for (int i = 0; i < Batches; i++)
        {
            double off = batches[i] - mean - slope * (i - middle);
            squares += off * off;
        }
        double half = StudentT.TwoSided95(Batches - 2) * Math.Sqrt(squares / (Batches - 2) / spread);
        double unit = Batches / mean;
        return new Interval(slope * unit, (slope - half) * unit, (slope + half) * unit, Batches);
    }

    /// <summary>Whether a set of runs at one point is unstable: jobs never ended, or the backlog grew beyond what chance explains.</summary>
    /// <param name="growths">Growth of each run.</param>
    /// <param name="unfinished">Measured jobs that had not ended, all runs together.</param>
    /// <remarks>
    /// With three seeds or more the interval is over seeds, else it must have grown within each run. Growth under a fifth of the mean backlog is not called instability: near
    /// saturation a stable queue wanders that far.
    /// </remarks>
    public static bool IsUnstable(IReadOnlyCollection<Interval> growths, long unfinished)
    {
        if (unfinished > 0)
            return true;
        Interval all = growths.Count > 2 ? Interval.OfMean(growths.Select(static g => g.Mean)) : growths.MinBy(static g => g.Low);
        return all.Low > 0 && all.Mean > 0.2;
    }

    private static double[] Means(ImmutableArray<TierSample> samples, double from, double until)
    {
        double[] sums = new double[Batches];
        int[] counts = new int[Batches];
        foreach (TierSample sample in samples)
        {
            int batch = (int)Math.Floor((sample.AtSeconds - from) / (until - from) * Batches);
            if (batch is < 0 or >= Batches)
                continue;
            sums[batch] += sample.ReadySegments + sample.RunningSegments;
            counts[batch]++;
        }
        return [.. sums.Zip(counts).Where(static p => p.Second > 0).Select(static p => p.First / p.Second)];
    }
}
