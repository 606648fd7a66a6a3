using Astraea.Core.Determinism;

namespace Astraea.Core.Workloads;

/// <summary>A distribution over [Least, ∞) known by its mean and standard deviation only.</summary>
/// <param name="Least">No draw is below.</param>
/// <param name="Mean">Mean of the draws.</param>
/// <param name="Deviation">Standard deviation of the draws; 0 draws the mean.</param>
/// <remarks>
/// The simplest law of the excess over <paramref name="Least"/> that has both moments exactly, by its coefficient of variation c (Tijms 1994, app. B):
/// c ≤ ¼ uniform; c ≤ 1 a mixture of Erlang(k−1) and Erlang(k); c &gt; 1 two exponentials with balanced means.
/// Whole numbers are rounded up or down at random, which keeps the mean.
/// </remarks>
public readonly record struct TwoMoments(double Least, double Mean, double Deviation)
{
    /// <summary>A constant.</summary>
    public static TwoMoments Always(double value) => new(value, value, 0);

    /// <summary>One draw.</summary>
    internal double Draw(SeededGenerator draws)
    {
        double excess = Mean - Least;
        if (Deviation <= 0 || excess <= 0)
            return Mean;
        double c = Deviation / excess;
        return Least + excess * DrawUnitMean(c * c, draws);
    }

    /// <summary>One draw, rounded to a whole number at random.</summary>
    internal int DrawWhole(SeededGenerator draws) => (int)Math.Floor(Draw(draws) + draws.NextDouble());

    private static double DrawUnitMean(double squaredVariation, SeededGenerator draws)
    {
        if (squaredVariation <= 1.0 / 16)
            return 1 + Math.Sqrt(3 * squaredVariation) * (2 * draws.NextDouble() - 1);
        if (squaredVariation <= 1)
        {
            double k = Math.Ceiling(1 / squaredVariation - 1e-9);
            double lower = (k * squaredVariation - Math.Sqrt(Math.Max(0, k * (1 + squaredVariation) - k * k * squaredVariation))) / (1 + squaredVariation);
            int stages = draws.NextDouble() < lower ? (int)k - 1 : (int)k;
            double sum = 0;
            for (int stage = 0; stage < stages; stage++)
                sum += draws.NextExponential();
            return sum / (k - lower);
        }
        double first = (1 + Math.Sqrt((squaredVariation - 1) / (squaredVariation + 1))) / 2;
        double share = draws.NextDouble() < first ? first : 1 - first;
        return draws.NextExponential() / (2 * share);
    }
}
