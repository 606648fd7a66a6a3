using Astraea.Core.Determinism;

namespace Astraea.Simulator.Workloads;

/// <summary>A lognormal by its median and the standard deviation of its logarithm.</summary>
/// <param name="Median">Half of the draws are below.</param>
/// <param name="Sigma">Of the logarithm; 0 for a constant.</param>
public readonly record struct Lognormal(double Median, double Sigma)
{
    /// <summary>The quantile that is this many standard deviations above the median.</summary>
    public double At(double deviations) => Median * Math.Exp(Sigma * deviations);

    /// <summary>The law with that median and 95th percentile.</summary>
    public static Lognormal ByMedianAndP95(double median, double p95) => new(median, Math.Log(p95 / median) / 1.6449);

    /// <summary>One draw.</summary>
    internal double Draw(SeededGenerator draws) => At(StandardNormal(draws));

    /// <summary>One draw, as a whole number of at least one.</summary>
    internal int DrawCount(SeededGenerator draws, int most) => (int)Math.Clamp(Math.Round(Draw(draws)), 1, most);

    /// <summary>One standard normal (Box and Muller 1958, one of the pair).</summary>
    private static double StandardNormal(SeededGenerator draws) => Math.Sqrt(2 * draws.NextExponential()) * Math.Cos(2 * Math.PI * draws.NextDouble());
}
