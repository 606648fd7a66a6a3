using System.Collections.Immutable;
using Astraea.Core.Determinism;

namespace Astraea.Core.Workloads;

/// <summary>When requests arrive.</summary>
public static class Arrivals
{
    /// <summary>A Poisson process: independent exponential gaps.</summary>
    /// <param name="seed">Same seed, same gaps in units of their mean, so that another rate only stretches them.</param>
    /// <param name="count">How many arrivals.</param>
    /// <param name="perSecond">Rate λ (1/s), above 0.</param>
    /// <returns>Moments after the start, ascending; the first is one gap after it.</returns>
    public static ImmutableArray<TimeSpan> Poisson(ulong seed, int count, double perSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!double.IsFinite(perSecond) || perSecond <= 0)
            throw new ArgumentOutOfRangeException(nameof(perSecond), perSecond, "A rate is a positive number.");
        SeededGenerator draws = new SeedTree(seed).Child("arrivals").Generator();
        var moments = ImmutableArray.CreateBuilder<TimeSpan>(count);
        double at = 0;
        for (int i = 0; i < count; i++)
        {
            at += draws.NextExponential() / perSecond;
            moments.Add(TimeSpan.FromSeconds(at));
        }
        return moments.MoveToImmutable();
    }
}
