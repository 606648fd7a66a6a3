namespace Astraea.Worker.Models.Mini;

/// <summary>A small generator with the same numbers on every machine (Steele, Lea and Flood 2014, figure 8).</summary>
internal sealed class SplitMix64(ulong seed)
{
    // Standard deviation of the sum of four uniform 16-bit integers: sqrt(4 · (65536² − 1) / 12).
    private const double SumDeviation = 37837.226;

    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A bell-shaped number of mean 0 and deviation 1: the sum of four uniform ones. No logarithm, whose last bit differs between machines.</summary>
    public double NextBell()
    {
        ulong bits = Next();
        long sum = (long)(bits & 0xFFFF) + (long)((bits >> 16) & 0xFFFF) + (long)((bits >> 32) & 0xFFFF) + (long)(bits >> 48);
        return (sum - 131070) / SumDeviation;
    }
}
