namespace Astraea.Core.Prediction;

/// <summary>Histograms by key, from coarse to fine; a fine key that has seen little leans on the coarser one.</summary>
/// <remarks>
/// Estimate at a key = (n·own + k·coarser)/(n + k), with k = <see cref="PriorWeight"/>. Keys are bounded, because a client may invent categories without
/// end: when full, keys of little evidence are forgotten; if there are none, a new key is not made and the coarser ones still learn.
/// </remarks>
public sealed class BackoffEstimator
{
    /// <summary>k: observations that the coarser estimate counts for.</summary>
    public const double PriorWeight = 4;

    private readonly Dictionary<ulong, LogHistogram> _byKey = [];
    private readonly int _keysMax;

    /// <summary>Keeps at most so many keys.</summary>
    public BackoffEstimator(int keysMax = 2048)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keysMax);
        _keysMax = keysMax;
    }

    private BackoffEstimator(BackoffEstimator other)
    {
        _keysMax = other._keysMax;
        foreach ((ulong key, LogHistogram histogram) in other._byKey)
            _byKey.Add(key, histogram.Copy());
    }

    /// <summary>Another one that knows the same and goes on learning by itself.</summary>
    public BackoffEstimator Copy() => new(this);

    /// <summary>Keys in use.</summary>
    public int Keys => _byKey.Count;

    /// <summary>Takes in an observation under all keys of its chain, coarsest first.</summary>
    public void Learn(ReadOnlySpan<ulong> chain, double value)
    {
        foreach (ulong key in chain)
        {
            if (!_byKey.TryGetValue(key, out LogHistogram? histogram))
            {
                if (_byKey.Count >= _keysMax)
                    Forget();
                if (_byKey.Count >= _keysMax)
                    return;
                histogram = new LogHistogram();
                _byKey.Add(key, histogram);
            }
            histogram.Learn(value);
        }
    }

    /// <summary>Mean of what exceeds <paramref name="above"/>, down the chain.</summary>
    public double Mean(ReadOnlySpan<ulong> chain, double prior, double above = 0)
    {
        double estimate = Math.Max(prior, above);
        foreach (ulong key in chain)
        {
            if (_byKey.TryGetValue(key, out LogHistogram? histogram) && histogram.Mean(above) is { } own)
                estimate = Blend(histogram, own, estimate, above);
        }
        return estimate;
    }

    /// <summary>Quantiles of what exceeds <paramref name="above"/>, down the chain.</summary>
    /// <param name="chain">Keys, coarsest first.</param>
    /// <param name="shares">Ascending.</param>
    /// <param name="prior">Before anything is known.</param>
    /// <param name="above">What is known to be exceeded.</param>
    /// <param name="values">One for each share, overwritten.</param>
    public void Quantiles(ReadOnlySpan<ulong> chain, ReadOnlySpan<double> shares, double prior, double above, Span<double> values)
    {
        values.Fill(Math.Max(prior, above));
        Span<double> own = stackalloc double[values.Length];
        foreach (ulong key in chain)
        {
            if (!_byKey.TryGetValue(key, out LogHistogram? histogram))
                continue;
            double weight = histogram.Quantiles(shares, above, own);
            for (int i = 0; weight > 0 && i < values.Length; i++)
                values[i] = (weight * own[i] + PriorWeight * values[i]) / (weight + PriorWeight);
        }
    }

    /// <summary>Chance that a value above <paramref name="above"/> is also above <paramref name="further"/>, down the chain.</summary>
    public double Survival(ReadOnlySpan<ulong> chain, double above, double further, double prior)
    {
        double estimate = prior;
        foreach (ulong key in chain)
        {
            if (_byKey.TryGetValue(key, out LogHistogram? histogram) && histogram.Survival(above, further) is { } own)
                estimate = Blend(histogram, own, estimate, above);
        }
        return estimate;
    }

    private static double Blend(LogHistogram histogram, double own, double coarser, double above)
    {
        // Only the evidence about the part asked for counts: a thousand short waits say little about one that is already long.
        double weight = histogram.Weight * (histogram.Survival(0, above) ?? 0);
        return (weight * own + PriorWeight * coarser) / (weight + PriorWeight);
    }

    private void Forget()
    {
        List<ulong> thin = [];
        foreach ((ulong key, LogHistogram histogram) in _byKey)
        {
            if (histogram.Weight < PriorWeight)
                thin.Add(key);
        }
        foreach (ulong key in thin)
            _byKey.Remove(key);
    }
}
