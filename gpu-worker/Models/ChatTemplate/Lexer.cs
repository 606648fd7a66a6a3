using System.Text;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Cuts a template into tokens, with white space handled as chat templates expect: trim_blocks and lstrip_blocks on, last newline dropped.</summary>
/// <remarks>Rules: Jinja documentation, "Whitespace Control".</remarks>
internal sealed class Lexer
{
    private static readonly string[] Operators =
        ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;

    private Lexer(string source) => _source = source;

    public static List<Token> Tokenize(string source)
    {
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (text.EndsWith('\n'))
            text = text[..^1];
        var lexer = new Lexer(text);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        // After a tag, white space of the following text may have to go.
        var strip = Strip.None;
        while (_at < _source.Length)
        {
            int open = NextTag(_at);
            ReadText(open < 0 ? _source.Length : open, strip, open);
            if (open < 0)
                break;
            strip = ReadTag();
        }
        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int NextTag(int from)
    {
        for (int at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
                return at;
        }
        return -1;
    }

    private void ReadText(int end, Strip strip, int tag)
    {
        string text = _source[_at..end];
        bool atLineStart = _at == 0;
        if (strip == Strip.All)
            text = text.TrimStart(PythonText.Whitespace);
        else if (strip == Strip.Newline && text.StartsWith('\n'))
        {
            text = text[1..];
            atLineStart = true;
        }
        if (tag >= 0)
        {
            char control = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
            if (control == '-')
                text = text.TrimEnd(PythonText.Whitespace);
            else if (control != '+' && _source[tag + 1] != '{')
                text = StripLineIndent(text, atLineStart);
        }
        if (text.Length > 0)
            _tokens.Add(new Token(TokenKind.Text, text, _line));
        CountLines(_at, end);
        _at = end;
    }

    /// <summary>lstrip_blocks: white space between the line's start and the tag goes.</summary>
    private static string StripLineIndent(string text, bool atLineStart)
    {
        int line = text.LastIndexOf('\n') + 1;
        return (line > 0 || atLineStart) && text.AsSpan(line).Trim(PythonText.Whitespace).IsEmpty ? text[..line] : text;
    }

    private Strip ReadTag()
    {
        char kind = _source[_at + 1];
        int line = _line;
        if (kind == '#')
        {
            int close = _source.IndexOf("#}", _at + 2, StringComparison.Ordinal);
            if (close < 0)
                throw Error(line, "a comment is not closed");
            Strip after = _source[close - 1] switch { '-' => Strip.All, '+' => Strip.None, _ => Strip.Newline };
            CountLines(_at, close + 2);
            _at = close + 2;
            return after;
        }
        bool block = kind == '%';
        _tokens.Add(new Token(block ? TokenKind.BlockBegin : TokenKind.OutputBegin, _source.Substring(_at, 2), line));
        _at += 2;
        if (_at < _source.Length && _source[_at] is '-' or '+')
            _at++;
        string closeMark = block ? "%}" : "}}";
        int depth = 0;
        while (true)
        {
            SkipBlanks();
            if (_at >= _source.Length)
                throw Error(line, block ? "a '{%' is not closed" : "a '{{' is not closed");
            if (depth == 0 && _source[_at] is '-' or '+' && Matches(_at + 1, closeMark))
                return Close(block, closeMark, _source[_at] == '-' ? Strip.All : Strip.None, 1);
            if (depth == 0 && Matches(_at, closeMark))
                return Close(block, closeMark, block ? Strip.Newline : Strip.None, 0);
            ReadExpressionToken(ref depth);
        }
    }

    private Strip Close(bool block, string mark, Strip strip, int control)
    {
        _tokens.Add(new Token(block ? TokenKind.BlockEnd : TokenKind.OutputEnd, mark, _line));
        _at += control + 2;
        return strip;
    }

    private void ReadExpressionToken(ref int depth)
    {
        char c = _source[_at];
        if (char.IsLetter(c) || c == '_')
        {
            int start = _at;
            while (_at < _source.Length && (char.IsLetterOrDigit(_source[_at]) || _source[_at] == '_'))
                _at++;
            _tokens.Add(new Token(TokenKind.Name, _source[start.._at], _line));
        }
        else if (char.IsAsciiDigit(c))
            ReadNumber();
        else if (c is '"' or '\'')
            ReadString(c);
        else
        {
            string op = Array.Find(Operators, op => Matches(_at, op)) ?? throw Error(_line, $"unexpected character '{c}'");
            depth += op is "(" or "[" or "{" ? 1 : op is ")" or "]" or "}" ? -1 : 0;
            _tokens.Add(new Token(TokenKind.Operator, op, _line));
            _at += op.Length;
        }
    }

    private void ReadNumber()
    {
        int start = _at;
        bool isFloat = false;
        Digits();
        if (_at + 1 < _source.Length && _source[_at] == '.' && char.IsAsciiDigit(_source[_at + 1]))
        {
            isFloat = true;
            _at++;
            Digits();
        }
        if (_at < _source.Length && _source[_at] is 'e' or 'E')
        {
            int sign = _at + 1 < _source.Length && _source[_at + 1] is '+' or '-' ? 2 : 1;
            if (_at + sign < _source.Length && char.IsAsciiDigit(_source[_at + sign]))
            {
                isFloat = true;
                _at += sign;
                Digits();
            }
        }
        _tokens.Add(new Token(isFloat ? TokenKind.Float : TokenKind.Integer, _source[start.._at].Replace("_", "", StringComparison.Ordinal), _line));

        void Digits()
        {
            while (_at < _source.Length && (char.IsAsciiDigit(_source[_at]) || _source[_at] == '_'))
                _at++;
        }
    }

    private void ReadString(char quote)
    {
        int line = _line;
        var value = new StringBuilder();
        for (_at++; _at < _source.Length; _at++)
        {
            char c = _source[_at];
            if (c == quote)
            {
                _at++;
                _tokens.Add(new Token(TokenKind.String, value.ToString(), line));
                return;
            }
            if (c == '\n')
                _line++;
            if (c == '\\' && _at + 1 < _source.Length)
                Unescape(value);
            else
                value.Append(c);
        }
        throw Error(line, "a string is not closed");
    }

    private void Unescape(StringBuilder value)
    {
        char c = _source[++_at];
        int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (_at + digits >= _source.Length
                || !int.TryParse(_source.AsSpan(_at + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out int code)
                || code is < 0 or > 0x10FFFF)
                throw Error(_line, "a character escape is malformed");
            value.Append(code is >= 0xD800 and <= 0xDFFF or < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32(code));
            _at += digits;
            return;
        }
        if (c == '\n')
        {
            _line++;
            return;
        }
        // Python keeps the backslash of an escape it does not know.
        value.Append(c switch
        {
            'n' => "\n", 't' => "\t", 'r' => "\r", 'b' => "\b", 'f' => "\f", 'v' => "\v", 'a' => "\a", '0' => "\0",
            '\\' => "\\", '\'' => "'", '"' => "\"", _ => "\\" + c,
        });
    }

    private void SkipBlanks()
    {
        for (; _at < _source.Length && char.IsWhiteSpace(_source[_at]); _at++)
            CountLines(_at, _at + 1);
    }

    private bool Matches(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private void CountLines(int from, int to)
    {
        for (int i = from; i < to; i++)
            _line += _source[i] == '\n' ? 1 : 0;
    }

    private static TextException Error(int line, string reason) => TemplateErrors.At(line, reason);

    private enum Strip
    {
        None,
        Newline,
        All,
    }
}
