using System.Collections.Immutable;
using Astraea.Core.Determinism;

namespace Astraea.Simulator.Arrivals;

/// <summary>When sessions arrive, at any rate. Same seed, same moments in units of their mean gap.</summary>
public abstract record ArrivalProcess
{
    private ArrivalProcess() { }

    /// <summary>Moments without end, ascending (s).</summary>
    /// <param name="perSecond">Mean rate (1/s), above 0.</param>
    /// <param name="seed">Same seed, same moments.</param>
    public IEnumerable<double> Moments(double perSecond, ulong seed)
    {
        if (!double.IsFinite(perSecond) || perSecond <= 0)
            throw new ArgumentOutOfRangeException(nameof(perSecond), perSecond, "A rate is a positive number.");
        return UnitMoments(new SeedTree(seed).Child("arrivals").Generator()).Select(m => m / perSecond);
    }

    /// <summary>Moments at rate 1.</summary>
    private protected abstract IEnumerable<double> UnitMoments(SeededGenerator draws);

    /// <summary>Independent exponential gaps.</summary>
    public sealed record Poisson : ArrivalProcess
    {
        private protected override IEnumerable<double> UnitMoments(SeededGenerator draws)
        {
            for (double at = draws.NextExponential(); ; at += draws.NextExponential())
                yield return at;
        }
    }

    /// <summary>Several sessions at once, the bursts at exponential gaps.</summary>
    /// <param name="Sessions">In a burst (sessions).</param>
    public sealed record Bursts(int Sessions) : ArrivalProcess
    {
        private protected override IEnumerable<double> UnitMoments(SeededGenerator draws)
        {
            for (double at = draws.NextExponential() * Sessions; ; at += draws.NextExponential() * Sessions)
            {
                for (int i = 0; i < Sessions; i++)
                    yield return at;
            }
        }
    }

    /// <summary>Recorded moments, stretched to the rate; over and over, each time from another place, so that seeds differ.</summary>
    /// <param name="Recorded">Ascending (s).</param>
    public sealed record Replayed(ImmutableArray<double> Recorded) : ArrivalProcess
    {
        private protected override IEnumerable<double> UnitMoments(SeededGenerator draws)
        {
            double span = Recorded.Length > 1 ? Recorded[^1] - Recorded[0] : 0;
            if (span <= 0)
                throw new ArgumentException("Recorded arrivals need at least two different moments.");
            double gap = span / (Recorded.Length - 1), origin = 0;
            while (true)
            {
                int first = draws.NextInt(Recorded.Length);
                for (int i = 0; i < Recorded.Length; i++)
                {
                    int index = (first + i) % Recorded.Length;
                    // Behind the end of the record one mean gap passes, then its beginning follows.
                    double since = Recorded[index] - Recorded[first] + (index < first ? span + gap : 0);
                    yield return (origin + since) / gap;
                }
                origin += span + gap;
            }
        }
    }
}
