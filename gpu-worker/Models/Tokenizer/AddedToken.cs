using System.Buffers;
using System.Globalization;
using System.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>A token outside the merge vocabulary, found in text as a whole.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">A control token: not part of what a reader sees.</param>
/// <param name="StripLeft">Swallows white space before it.</param>
/// <param name="StripRight">Swallows white space after it.</param>
/// <param name="SingleWord">Found only where no word character touches it.</param>
/// <param name="Normalized">Found in normalised text instead of the text as it came.</param>
public sealed record AddedToken(int Id, string Content, bool Special, bool StripLeft, bool StripRight, bool SingleWord, bool Normalized);

/// <summary>An added token found in text.</summary>
/// <param name="Token">Which.</param>
/// <param name="Start">Where what it takes begins, white space included.</param>
/// <param name="Content">Where its own text begins.</param>
/// <param name="End">Behind what it takes, white space included.</param>
internal readonly record struct FoundToken(AddedToken Token, int Start, int Content, int End);

/// <summary>Finds added tokens in text: leftmost first, longest at a place.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<char, AddedToken[]> _byFirstChar;
    private readonly SearchValues<char> _firstChars;

    public AddedTokenFinder(IEnumerable<AddedToken> tokens)
    {
        _byFirstChar = tokens.Where(token => token.Content.Length > 0)
            .GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        _firstChars = SearchValues.Create(_byFirstChar.Keys.ToArray());
    }

    /// <summary>Cuts text at the next added token at or after <paramref name="from"/>.</summary>
    /// <returns>The token with the range it takes, or null when none is left.</returns>
    public FoundToken? Next(string text, int from)
    {
        for (int at = from; at < text.Length;)
        {
            int skip = text.AsSpan(at).IndexOfAny(_firstChars);
            if (skip < 0)
                return null;
            at += skip;
            AddedToken? token = Longest(text, at);
            if (token is null)
            {
                at++;
                continue;
            }
            int end = at + token.Content.Length;
            if (token.SingleWord && !IsWord(text, at, end))
            {
                // Found, and refused as a whole: a shorter token inside it is not looked for.
                at = end;
                continue;
            }
            int start = at;
            while (token.StripLeft && start > from && char.IsWhiteSpace(text[start - 1]))
                start--;
            while (token.StripRight && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            return new FoundToken(token, start, at, end);
        }
        return null;
    }

    private AddedToken? Longest(string text, int at)
    {
        foreach (AddedToken token in _byFirstChar[text[at]])
        {
            if (string.CompareOrdinal(text, at, token.Content, 0, token.Content.Length) == 0)
                return token;
        }
        return null;
    }

    private static bool IsWord(string text, int start, int end)
    {
        bool before = Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out Rune last, out _) == OperationStatus.Done && IsWordCharacter(last);
        bool behind = Rune.DecodeFromUtf16(text.AsSpan(end), out Rune next, out _) == OperationStatus.Done && IsWordCharacter(next);
        return !before && !behind;
    }

    /// <summary>The word characters of Unicode's regular expressions (UTS 18, annex C), as far as categories tell them.</summary>
    private static bool IsWordCharacter(Rune rune) => rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is
        <= UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
