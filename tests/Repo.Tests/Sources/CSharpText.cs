using System.Text;
using System.Text.RegularExpressions;

namespace Astraea.Repo.Tests.Sources;

/// <summary>Reads as much of C# as the guards need: what is code and what is comment or string, and where members begin and end.</summary>
internal static partial class CSharpText
{
    /// <summary>Replaces the inside of comments, strings and characters by blanks; line breaks stay, so places stay.</summary>
    public static string CodeOnly(string text)
    {
        var code = new StringBuilder(text);
        int at = 0;
        while (at < text.Length)
        {
            int end = text[at] switch
            {
                '/' when Next(text, at) == '/' => EndOfLine(text, at),
                '/' when Next(text, at) == '*' => After(text, "*/", at + 2),
                '\'' => EndOfQuoted(text, at + 1, '\''),
                '"' or '$' or '@' => EndOfString(text, at),
                _ => at,
            };
            if (end == at)
            {
                at++;
                continue;
            }
            for (int i = at; i < end; i++)
            {
                if (text[i] != '\n')
                    code[i] = ' ';
            }
            at = end;
        }
        return code.ToString();
    }

    /// <summary>Members (methods, properties, accessors' owners) with their lines, from the first line of the header to the closing brace.</summary>
    public static IEnumerable<(string Header, int Lines)> Members(string text)
    {
        string code = CodeOnly(text);
        var open = new Stack<(bool Type, int Start)>();
        int headerStart = 0;
        for (int i = 0; i < code.Length; i++)
        {
            bool insideMember = open.Count > 0 && !open.Peek().Type;
            switch (code[i])
            {
                case '{':
                    open.Push((!insideMember && TypeHeader().IsMatch(code[headerStart..i]), headerStart));
                    headerStart = i + 1;
                    break;
                case '}' when open.Count > 0:
                    (bool type, int start) = open.Pop();
                    if (!type && (open.Count == 0 || open.Peek().Type))
                        yield return (Header(code, start), code[Skip(code, start)..(i + 1)].Count(c => c == '\n') + 1);
                    headerStart = i + 1;
                    break;
                case ';' when !insideMember:
                    headerStart = i + 1;
                    break;
            }
        }
    }

    private static string Header(string code, int start)
    {
        int from = Skip(code, start);
        int to = code.IndexOf('{', from);
        return Blanks().Replace(code[from..(to < 0 ? code.Length : to)], " ").Trim();
    }

    private static int Skip(string code, int at)
    {
        while (at < code.Length && char.IsWhiteSpace(code[at]))
            at++;
        return at;
    }

    private static char Next(string text, int at) => at + 1 < text.Length ? text[at + 1] : '\0';

    private static int EndOfLine(string text, int at) => text.IndexOf('\n', at) is var end && end < 0 ? text.Length : end;

    private static int After(string text, string mark, int from) =>
        text.IndexOf(mark, Math.Min(from, text.Length), StringComparison.Ordinal) is var end && end < 0 ? text.Length : end + mark.Length;

    private static int EndOfQuoted(string text, int at, char quote)
    {
        while (at < text.Length && text[at] != quote && text[at] != '\n')
            at += text[at] == '\\' ? 2 : 1;
        return Math.Min(at + 1, text.Length);
    }

    /// <summary>The end of a string that begins here, or the same place when none does ($ and @ also stand elsewhere).</summary>
    private static int EndOfString(string text, int start)
    {
        int at = start, dollars = 0;
        bool verbatim = false;
        for (; at < text.Length && text[at] is '$' or '@'; at++)
        {
            dollars += text[at] == '$' ? 1 : 0;
            verbatim |= text[at] == '@';
        }
        int quotes = 0;
        while (at + quotes < text.Length && text[at + quotes] == '"')
            quotes++;
        if (quotes == 0)
            return start;
        if (quotes >= 3)
            return After(text, new string('"', quotes), at + quotes);
        if (quotes == 2)
            return at + 2;
        return EndOfOrdinary(text, at + 1, interpolated: dollars > 0, verbatim);
    }

    private static int EndOfOrdinary(string text, int at, bool interpolated, bool verbatim)
    {
        while (at < text.Length)
        {
            char c = text[at];
            if (c == '"')
            {
                if (!verbatim || Next(text, at) != '"')
                    return at + 1;
                at += 2;
            }
            else if (c == '\\' && !verbatim || c == '{' && Next(text, at) == '{')
            {
                at += 2;
            }
            else
            {
                at = c == '{' && interpolated ? EndOfHole(text, at + 1) : at + 1;
            }
        }
        return text.Length;
    }

    private static int EndOfHole(string text, int at)
    {
        for (int depth = 1; at < text.Length; at++)
        {
            if (text[at] is '"' or '$' or '@' && EndOfString(text, at) is var end && end > at)
                at = end - 1;
            else if (text[at] == '\'')
                at = EndOfQuoted(text, at + 1, '\'') - 1;
            else if (text[at] == '{')
                depth++;
            else if (text[at] == '}' && --depth == 0)
                return at + 1;
        }
        return text.Length;
    }

    // "where T : class" is a constraint, not a type.
    [GeneratedRegex("""\b(class|struct|record|interface|enum|namespace)\s+(?!where\b)[\w@]""")]
    private static partial Regex TypeHeader();

    [GeneratedRegex("""\s+""")]
    private static partial Regex Blanks();
}
