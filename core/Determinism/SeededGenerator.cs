using System.Numerics;

namespace Astraea.Core.Determinism;

/// <summary>Our own generator, so that a seed means the same stream for ever: xoshiro256**, state filled by SplitMix64.</summary>
/// <remarks>Blackman and Vigna 2018 (xoshiro256**); Steele, Lea and Flood 2014 (SplitMix64). One owner; not for secrets.</remarks>
public sealed class SeededGenerator
{
    private ulong _a, _b, _c, _d;

    /// <summary>Starts the stream of a seed.</summary>
    public SeededGenerator(ulong seed)
    {
        _a = Fill(ref seed);
        _b = Fill(ref seed);
        _c = Fill(ref seed);
        _d = Fill(ref seed);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A whole number in [0, <paramref name="below"/>), without bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="below"/> is not positive.</exception>
    public int NextInt(int below)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(below);
        // Lemire 2019: the high half of a product is uniform once the few low values that would favour some results are drawn again.
        ulong bound = (ulong)below;
        ulong rejectBelow = (0 - bound) % bound;
        while (true)
        {
            ulong high = Math.BigMul(NextUInt64(), bound, out ulong low);
            if (low >= rejectBelow)
                return (int)high;
        }
    }

    /// <summary>A whole number in [<paramref name="from"/>, <paramref name="to"/>], both included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or wider than an int.</exception>
    public int NextInt(int from, int to) => from + NextInt(checked(to - from + 1));

    /// <summary>A number in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>An exponential variate with mean 1, by comparisons alone.</summary>
    /// <remarks>von Neumann 1951: Math.Log is not bit-equal across machines, comparisons of uniforms are.</remarks>
    public double NextExponential()
    {
        for (int whole = 0; ; whole++)
        {
            double first = NextDouble();
            double last = first;
            bool oddRun = true;
            for (double next = NextDouble(); next <= last; next = NextDouble())
            {
                last = next;
                oddRun = !oddRun;
            }
            if (oddRun)
                return whole + first;
        }
    }

    private static ulong Fill(ref ulong seed)
    {
        seed += 0x9e3779b97f4a7c15;
        return StableHash.Mix(seed);
    }
}
