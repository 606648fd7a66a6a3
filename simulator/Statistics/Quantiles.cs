namespace Astraea.Simulator.Statistics;

/// <summary>Quantiles of a sample.</summary>
public static class Quantiles
{
    /// <summary>Linear between order statistics (Hyndman and Fan 1996, type 7).</summary>
    /// <param name="ascending">The sample in order; not empty.</param>
    /// <param name="share">0 for the least, 1 for the greatest.</param>
    public static double Of(ReadOnlySpan<double> ascending, double share)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ascending.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(share, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        double at = share * (ascending.Length - 1);
        int below = (int)at, above = Math.Min(below + 1, ascending.Length - 1);
        return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
    }

    /// <summary>The values in order.</summary>
    public static double[] Sorted(IEnumerable<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted;
    }
}
