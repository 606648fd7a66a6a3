namespace Astraea.Simulator.Statistics;

/// <summary>A mean and where the true one is with 95 % confidence.</summary>
/// <param name="Mean">Mean of the sample.</param>
/// <param name="Low">Lower end; the mean itself when there is one value only.</param>
/// <param name="High">Upper end.</param>
/// <param name="Count">Values in the sample.</param>
public readonly record struct Interval(double Mean, double Low, double High, int Count)
{
    /// <summary>Of values that may be below zero: t interval of the mean.</summary>
    public static Interval OfMean(IEnumerable<double> values)
    {
        double[] sample = [.. values];
        ArgumentOutOfRangeException.ThrowIfZero(sample.Length);
        double mean = sample.Average(), half = HalfWidth(sample, mean);
        return new Interval(mean, mean - half, mean + half, sample.Length);
    }

    /// <summary>Of ratios: geometric mean, t interval of the logarithms, so that a/b and b/a tell the same.</summary>
    public static Interval OfRatios(IEnumerable<double> ratios)
    {
        Interval logs = OfMean(ratios.Select(static r => Math.Log(r)));
        return new Interval(Math.Exp(logs.Mean), Math.Exp(logs.Low), Math.Exp(logs.High), logs.Count);
    }

    /// <summary>Ratios of pairs: the same seed under two policies (SCHEDULING.md §6).</summary>
    public static Interval OfPairs(IReadOnlyList<double> ours, IReadOnlyList<double> theirs)
    {
        if (ours.Count != theirs.Count)
            throw new ArgumentException($"There are {ours.Count} values and {theirs.Count}: pairs need as many of each.");
        return OfRatios(ours.Zip(theirs, static (a, b) => a / b));
    }

    /// <summary>Mean with its interval, as in a table.</summary>
    public string ToText(string format) => Count > 1 ? $"{Mean.ToString(format)} ({Low.ToString(format)}–{High.ToString(format)})" : Mean.ToString(format);

    private static double HalfWidth(double[] sample, double mean)
    {
        if (sample.Length < 2)
            return 0;
        double squares = sample.Sum(v => (v - mean) * (v - mean));
        return StudentT.TwoSided95(sample.Length - 1) * Math.Sqrt(squares / (sample.Length - 1) / sample.Length);
    }
}
