using System.Globalization;
using System.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Normalization form C: characters composed where they can be (Unicode Standard Annex 15; Hangul by arithmetic, standard §3.12).</summary>
/// <remarks>The platform's own <c>string.Normalize</c> does nothing under invariant globalisation, which this project runs with.</remarks>
internal static class Nfc
{
    private const int HangulFirst = 0xAC00, LeadFirst = 0x1100, VowelFirst = 0x1161, TailFirst = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, Hangul = Leads * Vowels * Tails;

    /// <summary>No character below is changed by composing, alone or behind another.</summary>
    private const char ConcernedFirst = '\u0300';

    private static readonly Lazy<CanonicalData> Data = new(CanonicalData.Load);

    /// <summary>Composes a text. Lone surrogates are left as they are.</summary>
    public static string Compose(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', (char)(ConcernedFirst - 1)) < 0)
            return text;
        List<int> codes = Decompose(text);
        Order(codes);
        Compose(codes);
        var composed = new StringBuilder(text.Length);
        foreach (int code in codes)
        {
            if (code < 0x10000)
                composed.Append((char)code);
            else
                composed.Append(char.ConvertFromUtf32(code));
        }
        return composed.ToString();
    }

    private static List<int> Decompose(string text)
    {
        var codes = new List<int>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = char.IsSurrogatePair(text, i);
            Decompose(pair ? char.ConvertToUtf32(text, i) : text[i], codes);
            i += pair ? 1 : 0;
        }
        return codes;
    }

    private static void Decompose(int code, List<int> codes)
    {
        int hangul = code - HangulFirst;
        if (hangul is >= 0 and < Hangul)
        {
            codes.Add(LeadFirst + (hangul / (Vowels * Tails)));
            codes.Add(VowelFirst + (hangul % (Vowels * Tails) / Tails));
            if (hangul % Tails > 0)
                codes.Add(TailFirst + (hangul % Tails));
        }
        else if (Data.Value.Parts.TryGetValue(code, out var parts))
        {
            Decompose(parts.First, codes);
            if (parts.Second >= 0)
                Decompose(parts.Second, codes);
        }
        else
            codes.Add(code);
    }

    /// <summary>Brings marks behind a base into the order of their classes; those of one class keep theirs.</summary>
    private static void Order(List<int> codes)
    {
        for (int start = 0; start < codes.Count; start++)
        {
            if (Class(codes[start]) == 0)
                continue;
            int end = start + 1;
            while (end < codes.Count && Class(codes[end]) != 0)
                end++;
            if (end - start > 1)
            {
                int[] marks = [.. codes[start..end].OrderBy(Class)];
                for (int i = 0; i < marks.Length; i++)
                    codes[start + i] = marks[i];
            }
            start = end - 1;
        }
    }

    private static void Compose(List<int> codes)
    {
        int kept = 0, starter = -1, lastClass = -1;
        foreach (int code in codes.ToArray())
        {
            int mark = Class(code);
            // Blocked when something of the same or a higher class stands between.
            if (starter >= 0 && (lastClass < mark || lastClass < 0) && Pair(codes[starter], code) is { } composed)
            {
                codes[starter] = composed;
                continue;
            }
            if (mark == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else
                lastClass = mark;
            codes[kept++] = code;
        }
        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        int lead = first - LeadFirst, vowel = second - VowelFirst;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
            return HangulFirst + (((lead * Vowels) + vowel) * Tails);
        int hangul = first - HangulFirst, tail = second - TailFirst;
        if (hangul is >= 0 and < Hangul && hangul % Tails == 0 && tail is > 0 and < Tails)
            return first + tail;
        return Data.Value.Pairs.TryGetValue((first, second), out int composed) ? composed : null;
    }

    private static int Class(int code) => code < ConcernedFirst ? 0 : Data.Value.Classes.GetValueOrDefault(code);

    /// <summary>The canonical data of Unicode, from the embedded <c>canonical.txt</c>.</summary>
    private sealed record CanonicalData(Dictionary<int, byte> Classes, Dictionary<int, (int First, int Second)> Parts, Dictionary<(int, int), int> Pairs)
    {
        public static CanonicalData Load()
        {
            var data = new CanonicalData([], [], []);
            using Stream stream = typeof(Nfc).Assembly.GetManifestResourceStream("canonical.txt")!;
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#'))
                    continue;
                string[] fields = line.Split(';');
                int code = Code(fields[0]);
                if (fields[1].Length > 0)
                    data.Classes[code] = byte.Parse(fields[1], CultureInfo.InvariantCulture);
                if (fields[2].Length == 0)
                    continue;
                string[] parts = fields[2].TrimStart('!').Split(' ');
                data.Parts[code] = (Code(parts[0]), parts.Length > 1 ? Code(parts[1]) : -1);
                if (!fields[2].StartsWith('!'))
                    data.Pairs[data.Parts[code]] = code;
            }
            return data;
        }

        private static int Code(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
