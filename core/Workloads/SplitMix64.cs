namespace Astraea.Core.Workloads;

/// <summary>A seeded stream of draws: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Same seed, same stream, on every machine.</summary>
internal sealed class SplitMix64(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    /// <summary>The stream of one named part of a seed, so that one more draw in one place moves no other.</summary>
    public static SplitMix64 Child(ulong seed, ulong part) => new(Mix(Mix(seed + Golden) ^ (part * Golden)));

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += Golden);

    /// <summary>A number in [0, 1), 53 bits.</summary>
    public double NextUnit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number in [0, bound), without bias (Lemire 2019).</summary>
    public int NextBelow(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        ulong rejectBelow = (ulong)-(long)bound % (ulong)bound;
        while (true)
        {
            ulong high = Math.BigMul(Next(), (ulong)bound, out ulong low);
            if (low >= rejectBelow)
                return (int)high;
        }
    }

    /// <summary>An exponential variate of mean 1.</summary>
    /// <remarks>Von Neumann 1951: only comparisons of uniforms, so the bits are the same everywhere (a logarithm is not).</remarks>
    public double NextExponential()
    {
        for (int whole = 0; ; whole++)
        {
            double first = NextUnit();
            double previous = first;
            int run = 1;
            for (double next = NextUnit(); next < previous; next = NextUnit())
            {
                previous = next;
                run++;
            }
            if (run % 2 == 1)
                return whole + first;
        }
    }

    /// <summary>Puts the items in a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = NextBelow(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
