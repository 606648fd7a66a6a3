namespace Astraea.Cli.Demo.Report;

/// <summary>A figure over several seeds.</summary>
/// <param name="Mean">Mean over seeds.</param>
/// <param name="Least">Smallest.</param>
/// <param name="Most">Largest.</param>
/// <param name="Seeds">How many.</param>
internal sealed record Spread(double Mean, double Least, double Most, int Seeds)
{
    /// <summary>Of at least one value.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return new Spread(all.Average(), all.Min(), all.Max(), all.Length);
    }

    /// <summary>Mean, and the range over seeds when there are several.</summary>
    public string Print(string format) =>
        Seeds == 1 ? Mean.ToString(format) : $"{Mean.ToString(format)} ({Least.ToString(format)}–{Most.ToString(format)})";
}

/// <summary>Small statistics.</summary>
internal static class Statistics
{
    /// <summary>The smallest value that at least a share of all values does not exceed (nearest rank).</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length);
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>
    /// Rate of a backlogged run: nine tenths of the requests over the time until they were done. The last tenth runs on a node that is no longer backlogged.
    /// </summary>
    /// <param name="finished">Moments at which requests ended, from the start (s).</param>
    /// <returns>Requests per second.</returns>
    public static double BackloggedRate(IEnumerable<double> finished)
    {
        double[] sorted = [.. finished.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length);
        int counted = Math.Max(1, (int)Math.Ceiling(0.9 * sorted.Length));
        return counted / sorted[counted - 1];
    }
}
