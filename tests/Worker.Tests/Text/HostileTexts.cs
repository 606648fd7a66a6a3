using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Astraea.Worker.Tests.Text;

/// <summary>Texts made of a number: fragments that tokenizers stumble over, odd characters, random words. The goldens' README says how others make the same ones.</summary>
internal static class HostileTexts
{
    private static readonly string[] Fragments = JsonSerializer.Deserialize<string[]>(BpeTokenizerTests.Golden("fragments.json"))!;

    /// <summary>The text of a number.</summary>
    public static string Of(int number)
    {
        ulong state = (ulong)number;
        var text = new StringBuilder();
        for (int left = Below(24); left > 0; left--)
        {
            switch (Below(8))
            {
                case < 5:
                    text.Append(Fragments[Below(Fragments.Length)]);
                    break;
                case 5:
                    text.Append((char)Below(0x600));
                    break;
                case 6:
                    text.Append((char)(0x2000 + Below(0xB800)));
                    break;
                default:
                    for (int letters = 1 + Below(12); letters > 0; letters--)
                        text.Append((char)('a' + Below(26)));
                    break;
            }
        }
        return text.ToString();

        // SplitMix64 (Steele, Lea and Flood 2014, fig. 16).
        int Below(int bound)
        {
            state += 0x9E3779B97F4A7C15;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return (int)((z ^ (z >> 31)) % (ulong)bound);
        }
    }

    /// <summary>FNV-1a over ids, four bytes each, low byte first.</summary>
    public static string Hash(IEnumerable<int> ids)
    {
        uint hash = 0x811C9DC5;
        foreach (int id in ids)
        {
            for (int shift = 0; shift < 32; shift += 8)
                hash = (hash ^ (uint)((id >> shift) & 0xFF)) * 0x01000193;
        }
        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}
