namespace Astraea.Worker.Kernels;

/// <summary>Philox4x32-10: four random words from a key and a counter, without state. The same arguments give the same words on every machine.</summary>
/// <remarks>Salmon et al. 2011, §3.3. Ten rounds, each two 32×32-bit products crossed with the other words and the round key.</remarks>
internal static class Philox
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint KeyStep0 = 0x9E3779B9, KeyStep1 = 0xBB67AE85;

    /// <summary>The words of one counter.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="c0">Counter, first word.</param>
    /// <param name="c1">Counter, second word.</param>
    /// <param name="c2">Counter, third word.</param>
    /// <param name="c3">Counter, fourth word.</param>
    public static (uint W0, uint W1, uint W2, uint W3) Words(ulong key, uint c0, uint c1, uint c2, uint c3)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)Multiplier0 * c0, p1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += KeyStep0;
            k1 += KeyStep1;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>A number from 0 (inclusive) to 1 (exclusive) with 53 random bits.</summary>
    public static double Uniform(ulong key, uint c0, uint c1, uint c2)
    {
        (uint w0, uint w1, _, _) = Words(key, c0, c1, c2, 0);
        return (((ulong)w1 << 32 | w0) >> 11) * (1.0 / (1UL << 53));
    }
}
