namespace Astraea.Models.Tasks;

/// <summary>Hashes that are the same in every process: they say which side of the split a value is on, and what the tools know of it.</summary>
internal static class StableHash
{
    /// <summary>The finaliser of SplitMix64 (Steele et al. 2014, fig. 17).</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>FNV-1a over the characters, mixed.</summary>
    public static ulong Of(string text, ulong salt = 0)
    {
        ulong hash = 0xCBF29CE484222325 ^ Mix(salt);
        foreach (char c in text)
            hash = (hash ^ c) * 0x100000001B3;
        return Mix(hash);
    }
}
