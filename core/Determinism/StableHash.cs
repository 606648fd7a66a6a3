namespace Astraea.Core.Determinism;

/// <summary>A 64-bit hash that is the same in every process, on every machine and in every version. Not for secrets.</summary>
/// <remarks>FNV-1a over the bytes (Fowler, Noll, Vo), then the SplitMix64 finaliser (Steele et al. 2014), because FNV alone leaves the high bits weak.</remarks>
public static class StableHash
{
    private const ulong Offset = 0xcbf29ce484222325;
    private const ulong Prime = 0x100000001b3;

    /// <summary>Hashes text by its UTF-16 code units.</summary>
    public static ulong Of(string text)
    {
        ulong hash = Offset;
        foreach (char unit in text)
        {
            hash = (hash ^ (byte)unit) * Prime;
            hash = (hash ^ (byte)(unit >> 8)) * Prime;
        }
        return Mix(hash);
    }

    /// <summary>Hashes an integer.</summary>
    public static ulong Of(long value)
    {
        ulong hash = Offset;
        for (int shift = 0; shift < 64; shift += 8)
            hash = (hash ^ (byte)(value >> shift)) * Prime;
        return Mix(hash);
    }

    /// <summary>Hashes a wide integer, such as the value of a request id.</summary>
    public static ulong Of(UInt128 value) => Join(Of((long)(ulong)(value >> 64)), Of((long)(ulong)value));

    /// <summary>Joins two hashes; the order matters.</summary>
    public static ulong Join(ulong left, ulong right) => Mix(left * Prime + right + 0x9e3779b97f4a7c15);

    /// <summary>Spreads every input bit over all output bits; a bijection.</summary>
    internal static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
