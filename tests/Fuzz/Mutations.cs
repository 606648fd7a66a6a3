using System.Text;

namespace Astraea.Fuzz;

/// <summary>Damages bytes the way files are damaged, and the way somebody hostile would: flips, cuts, repeats, splices, odd numbers and deep nesting.</summary>
internal static class Mutations
{
    private static readonly byte[][] s_odd =
    [
        .. ((string[])["null", "true", "-1", "0", "1e999", "9223372036854775807", "18446744073709551616", "\"\"", "[]", "{}", "{\"type\":1}", "\\ud800", "\\u0000", "\"", "\\", "[", "]",
            "{", "}", ",", ":", "{%", "%}", "{{", "}}", "*", "{1000}", "(?:", "$ref", "#/", "%", "|", "'", "not ", " in ", ".", "(", ")", "-", "~", "for x in range(99999)", "loop"]).Select(Encoding.UTF8.GetBytes),
        [0xFF], [0x00], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
    ];

    /// <summary>A damaged copy.</summary>
    /// <param name="seed">Something whole.</param>
    /// <param name="other">Something else of the kind, to splice from.</param>
    /// <param name="random">Chance.</param>
    public static byte[] Of(byte[] seed, byte[] other, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int times = 1 + random.Next(random.Next(4) == 0 ? 12 : 3); times > 0; times--)
            One(bytes, other, random);
        return [.. bytes];
    }

    private static void One(List<byte> bytes, byte[] other, Random random)
    {
        int at = random.Next(bytes.Count + 1), length = Math.Min(bytes.Count - at, 1 + random.Next(random.Next(3) == 0 ? 200 : 8));
        switch (random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes.RemoveRange(at, length);
                break;
            case 2:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 3 when other.Length > 0:
                int from = random.Next(other.Length);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + random.Next(60))).ToArray());
                break;
            case 4 when random.Next(20) == 0:
                bytes.InsertRange(at, Enumerable.Repeat((byte)"[{(-"[random.Next(4)], random.Next(5000)));
                break;
            case 5 when random.Next(10) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                byte[] odd = s_odd[random.Next(s_odd.Length)];
                bytes.RemoveRange(at, Math.Min(length, bytes.Count - at));
                bytes.InsertRange(at, odd);
                break;
            default:
                bytes.InsertRange(at, s_odd[random.Next(s_odd.Length)]);
                break;
        }
    }
}
