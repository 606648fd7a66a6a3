using System.Globalization;
using System.Text.RegularExpressions;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Cuts text into the pieces that merges stay inside of.</summary>
internal sealed class PieceSplitter
{
    // Patterns of public tokenizers look ahead, which NonBacktracking cannot, so time is limited instead.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    private readonly Regex[] _patterns;

    public PieceSplitter(IEnumerable<string> patterns)
    {
        _patterns = [.. patterns.Select(Compile)];
    }

    /// <summary>Adds the pieces of a text, in order and without gaps.</summary>
    public void Split(string text, List<(int Start, int Length)> pieces)
    {
        pieces.Add((0, text.Length));
        if (text.Length == 0 || _patterns.Length == 0)
            return;
        var (shadow, offsets) = Shadow(text);
        try
        {
            foreach (Regex pattern in _patterns)
                Cut(pattern, shadow, offsets, pieces);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new TextException("The tokenizer's pattern took too long on this text.", e);
        }
    }

    private static void Cut(Regex pattern, string shadow, int[]? offsets, List<(int Start, int Length)> pieces)
    {
        (int Start, int Length)[] before = [.. pieces];
        pieces.Clear();
        foreach (var (start, length) in before)
        {
            // Pieces are kept in offsets of the text; the pattern sees the shadow, where each character is one unit.
            int from = offsets is null ? start : Array.BinarySearch(offsets, start);
            int to = offsets is null ? start + length : Array.BinarySearch(offsets, start + length);
            int done = from;
            string piece = shadow[from..to];
            foreach (ValueMatch match in pattern.EnumerateMatches(piece))
            {
                Add(done, from + match.Index);
                Add(from + match.Index, from + match.Index + match.Length);
                done = from + match.Index + match.Length;
            }
            Add(done, to);
        }

        void Add(int from, int to)
        {
            if (from == to)
                return;
            int start = offsets is null ? from : offsets[from];
            pieces.Add((start, (offsets is null ? to : offsets[to]) - start));
        }
    }

    /// <summary>
    /// The text with each surrogate pair replaced by one character of the same class: the patterns ask for classes of code points,
    /// while this platform's engine sees UTF-16 halves. Offsets lead back; null when they are the identity.
    /// </summary>
    private static (string Shadow, int[]? Offsets) Shadow(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return (text, null);
        var shadow = new char[text.Length];
        var offsets = new int[text.Length + 1];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            offsets[length] = i;
            if (!char.IsSurrogatePair(text, i))
            {
                shadow[length++] = text[i];
                continue;
            }
            shadow[length++] = CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text, i)) switch
            {
                UnicodeCategory.UppercaseLetter => '\u00C0',
                UnicodeCategory.LowercaseLetter => '\u00E0',
                UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => '\u05D0',
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '\u0660',
                UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => '\u0300',
                UnicodeCategory.OtherPunctuation => '\u00A7',
                _ => '\u2600',
            };
            i++;
        }
        offsets[length] = text.Length;
        Array.Resize(ref offsets, length + 1);
        return (new string(shadow, 0, length), offsets);
    }

    private static Regex Compile(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, TimeLimit);
        }
        catch (ArgumentException e)
        {
            throw new TextException($"tokenizer.json: pre_tokenizer pattern cannot be used: {e.Message}", e);
        }
    }
}
