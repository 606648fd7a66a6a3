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

/// <summary>Finds added tokens in text: leftmost first, longest at a place.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<char, AddedToken[]> _byFirstChar;

    public AddedTokenFinder(IEnumerable<AddedToken> tokens)
    {
        _byFirstChar = tokens.Where(token => token.Content.Length > 0)
            .GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        FirstChars = System.Buffers.SearchValues.Create(_byFirstChar.Keys.ToArray());
    }

    private System.Buffers.SearchValues<char> FirstChars { get; }

    /// <summary>Cuts text at the next added token at or after <paramref name="from"/>.</summary>
    /// <returns>The token with the range it takes, or null when none is left.</returns>
    public (AddedToken Token, int Start, int End)? Next(string text, int from)
    {
        for (int at = from; at < text.Length; at++)
        {
            int skip = text.AsSpan(at).IndexOfAny(FirstChars);
            if (skip < 0)
                return null;
            at += skip;
            foreach (AddedToken token in _byFirstChar[text[at]])
            {
                int end = at + token.Content.Length;
                if (string.CompareOrdinal(text, at, token.Content, 0, token.Content.Length) != 0 || (token.SingleWord && !IsWord(text, at, end)))
                    continue;
                int start = at;
                while (token.StripLeft && start > from && char.IsWhiteSpace(text[start - 1]))
                    start--;
                while (token.StripRight && end < text.Length && char.IsWhiteSpace(text[end]))
                    end++;
                return (token, start, end);
            }
        }
        return null;
    }

    private static bool IsWord(string text, int start, int end) =>
        (start == 0 || !IsWordChar(text[start - 1])) && (end == text.Length || !IsWordChar(text[end]));

    private static bool IsWordChar(char c) => char.IsLetterOrDigit(c) || c == '_';
}
