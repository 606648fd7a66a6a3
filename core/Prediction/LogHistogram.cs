namespace Astraea.Core.Prediction;

/// <summary>What has been seen of one positive quantity: counts and sums in bins a quarter of an octave wide, older observations fading.</summary>
/// <remarks>
/// The bin is read off the floating-point bits, so no logarithm decides it and every machine agrees. A bin answers with the mean of what fell into
/// it, so a quantity that is always the same is learned exactly. When the weight reaches <see cref="WeightMax"/>, all of it is halved.
/// </remarks>
public sealed class LogHistogram
{
    /// <summary>Weight at which everything is halved (observations).</summary>
    public const double WeightMax = 512;

    private const int BinsPerOctave = 4;
    private const int OctaveMin = -20;
    private const int OctaveMax = 24;
    private const int Bins = (OctaveMax - OctaveMin) * BinsPerOctave;
    private const int MantissaBits = 52;

    private readonly double[] _weights;
    private readonly double[] _sums;
    private double _sum;

    /// <summary>Has seen nothing.</summary>
    public LogHistogram() => (_weights, _sums) = (new double[Bins], new double[Bins]);

    private LogHistogram(LogHistogram other)
    {
        (_weights, _sums) = ([.. other._weights], [.. other._sums]);
        Weight = other.Weight;
        _sum = other._sum;
    }

    /// <summary>Another one that has seen the same and goes on by itself.</summary>
    public LogHistogram Copy() => new(this);

    /// <summary>Weight of all observations (observations).</summary>
    public double Weight { get; private set; }

    /// <summary>Takes in an observation; what is not a number or is negative is ignored, zero counts as the smallest value.</summary>
    public void Learn(double value)
    {
        if (!(value >= 0) || double.IsInfinity(value))
            return;
        if (Weight >= WeightMax)
            Halve();
        int bin = Bin(value);
        _weights[bin] += 1;
        _sums[bin] += value;
        _sum += value;
        Weight += 1;
    }

    /// <summary>Mean of the observations above <paramref name="above"/>, or null when there were none.</summary>
    public double? Mean(double above = 0)
    {
        // Most questions are about all observations, and a simulation asks several for each segment.
        if (!(above > 0))
            return Weight > 0 ? _sum / Weight : null;
        int first = FirstAbove(above);
        double weight = 0, sum = 0;
        for (int bin = first; bin < Bins; bin++)
        {
            weight += _weights[bin];
            sum += _sums[bin];
        }
        return weight > 0 ? Math.Max(sum / weight, above) : null;
    }

    /// <summary>The value that a share <paramref name="share"/> of the observations above <paramref name="above"/> does not exceed, or null when there were none.</summary>
    public double? Quantile(double share, double above = 0)
    {
        Span<double> value = stackalloc double[1];
        return Quantiles([share], above, value) > 0 ? value[0] : null;
    }

    /// <summary>Several quantiles of the observations above a value in one pass.</summary>
    /// <param name="shares">Ascending.</param>
    /// <param name="above">Only larger observations count.</param>
    /// <param name="values">One for each share, overwritten when there are such observations.</param>
    /// <returns>Their weight; 0 when there were none.</returns>
    public double Quantiles(ReadOnlySpan<double> shares, double above, Span<double> values)
    {
        int first = FirstAbove(above);
        double weight = 0;
        for (int bin = first; bin < Bins; bin++)
            weight += _weights[bin];
        if (weight <= 0)
            return 0;
        double seen = 0;
        double value = above;
        int next = 0;
        for (int bin = first; bin < Bins && next < shares.Length; bin++)
        {
            if (_weights[bin] <= 0)
                continue;
            seen += _weights[bin];
            value = Math.Max(_sums[bin] / _weights[bin], above);
            while (next < shares.Length && seen >= Math.Clamp(shares[next], 0, 1) * weight)
                values[next++] = value;
        }
        // Sums in another order may miss the last share by a rounding.
        while (next < shares.Length)
            values[next++] = value;
        return weight;
    }

    /// <summary>Of the observations above <paramref name="above"/>, the share also above <paramref name="further"/>, or null when there were none.</summary>
    public double? Survival(double above, double further)
    {
        double all = WeightAbove(above);
        return all > 0 ? WeightAbove(Math.Max(above, further)) / all : null;
    }

    private double WeightAbove(double value)
    {
        if (!(value > 0))
            return Weight;
        double weight = 0;
        for (int bin = FirstAbove(value); bin < Bins; bin++)
            weight += _weights[bin];
        return weight;
    }

    /// <summary>The first bin whose mean lies above a value: bins are not split, so a bin counts as above when its mean is.</summary>
    private int FirstAbove(double value)
    {
        if (!(value > 0))
            return 0;
        int bin = Bin(value);
        bool above = _weights[bin] > 0 && _sums[bin] / _weights[bin] > value;
        return above ? bin : bin + 1;
    }

    private static int Bin(double value)
    {
        // Exponent and top two mantissa bits as one integer: it grows with the value, by four for each doubling.
        long bits = BitConverter.DoubleToInt64Bits(value) >> (MantissaBits - 2);
        long zero = (1023L + OctaveMin) << 2;
        return (int)Math.Clamp(bits - zero, 0, Bins - 1);
    }

    private void Halve()
    {
        Weight = _sum = 0;
        for (int bin = 0; bin < Bins; bin++)
        {
            // A bin that fades below a hundredth of an observation is dropped, so that old outliers do end.
            if (_weights[bin] < 0.02)
            {
                _weights[bin] = 0;
                _sums[bin] = 0;
            }
            _weights[bin] /= 2;
            _sums[bin] /= 2;
            Weight += _weights[bin];
            _sum += _sums[bin];
        }
    }
}
