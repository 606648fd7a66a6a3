using System.Globalization;
using Astraea.Worker.Models.Output.Schemas;

namespace Astraea.Worker.Models.Output.Patterns;

/// <summary>A pattern as a tree. Characters are ASCII: text made under a pattern is, too.</summary>
internal abstract record PatternNode
{
    private PatternNode() { }

    /// <summary>One character of a set.</summary>
    /// <param name="Set">[128] which characters.</param>
    public sealed record One(bool[] Set) : PatternNode;

    /// <summary>One after the other.</summary>
    public sealed record Row(List<PatternNode> Parts) : PatternNode;

    /// <summary>One of several.</summary>
    public sealed record Choice(List<PatternNode> Options) : PatternNode;

    /// <summary>Several times the same.</summary>
    /// <param name="Part">What.</param>
    /// <param name="Min">At least.</param>
    /// <param name="Max">At most; null without end.</param>
    public sealed record Repeat(PatternNode Part, int Min, int? Max) : PatternNode;
}

/// <summary>Reads the regular part of ECMA-262 patterns, as JSON Schema uses them: a text fits when the pattern is found in it.</summary>
/// <remarks>Anchors are taken at the edges of the top level. Look-around, references and word boundaries are refused: they are not regular, or not worth it.</remarks>
internal sealed class PatternParser
{
    private const int DepthMax = 50;
    private const int RepeatMax = 1000;

    private readonly string _pattern;
    private readonly SchemaBudget _budget;
    private readonly string _place;
    private int _at;
    private int _depth;

    private PatternParser(string pattern, SchemaBudget budget, string place)
    {
        _pattern = pattern;
        _budget = budget;
        _place = place;
    }

    /// <summary>Reads a pattern as one that must fit the whole text.</summary>
    /// <exception cref="SchemaException">It is malformed, or asks for what is not supported.</exception>
    public static PatternNode Parse(string pattern, SchemaBudget budget, string place)
    {
        var parser = new PatternParser(pattern, budget, place);
        var options = new List<PatternNode>();
        do
            options.Add(parser.Anchored());
        while (parser.Try('|'));
        if (parser._at < pattern.Length)
            throw parser.Wrong($"unexpected '{pattern[parser._at]}'");
        return options.Count == 1 ? options[0] : new PatternNode.Choice(options);
    }

    private static PatternNode.Repeat Anything() => new(new PatternNode.One(Set(_ => true)), 0, null);

    private PatternNode.Row Anchored()
    {
        var parts = new List<PatternNode>();
        if (!Try('^'))
            parts.Add(Anything());
        Items(parts);
        if (!Try('$'))
            parts.Add(Anything());
        return new PatternNode.Row(parts);
    }

    private void Items(List<PatternNode> parts)
    {
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')') && !(_pattern[_at] == '$' && (_at + 1 == _pattern.Length || _pattern[_at + 1] == '|')))
        {
            _budget.Charge(1, _place);
            parts.Add(Quantified(Atom()));
        }
    }

    private PatternNode Atom()
    {
        char c = _pattern[_at++];
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                return new PatternNode.One(Class());
            case '.':
                return new PatternNode.One(Set(x => x is not ('\n' or '\r')));
            case '\\':
                return new PatternNode.One(Escape(inClass: false));
            case '^' or '$' or '*' or '+' or '?':
                throw Wrong($"'{c}' is not supported here");
            case >= '\u0080':
                throw Wrong($"'{c}' is not ASCII; patterns with other characters are not supported");
            default:
                return new PatternNode.One(Set(x => x == c));
        }
    }

    private PatternNode Group()
    {
        if (++_depth > DepthMax)
            throw Wrong($"groups are nested deeper than {DepthMax}");
        if (Try('?') && !Try(':'))
            throw Wrong("look-around and named groups are not supported");
        var options = new List<PatternNode>();
        do
        {
            var parts = new List<PatternNode>();
            Items(parts);
            options.Add(new PatternNode.Row(parts));
        }
        while (Try('|'));
        if (!Try(')'))
            throw Wrong("a group is not closed");
        _depth--;
        return options.Count == 1 ? options[0] : new PatternNode.Choice(options);
    }

    private PatternNode Quantified(PatternNode part)
    {
        if (_at >= _pattern.Length)
            return part;
        (int Min, int? Max)? count = _pattern[_at] switch { '*' => (0, null), '+' => (1, null), '?' => (0, 1), _ => null };
        if (count is not null)
            _at++;
        else if (_pattern[_at] == '{')
            count = Counts();
        if (count is not var (min, max))
            return part;
        Try('?'); // Lazy or not, the same texts fit.
        return new PatternNode.Repeat(part, min, max);
    }

    private (int, int?)? Counts()
    {
        int close = _pattern.IndexOf('}', _at);
        string[] parts = close < 0 ? [] : _pattern[(_at + 1)..close].Split(',');
        if (parts.Length is not (1 or 2) || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int min))
            throw Wrong("a '{' does not begin a count");
        int? max = parts.Length == 1 ? min : null;
        if (parts.Length == 2 && parts[1].Length > 0)
            max = int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int most) ? most : throw Wrong("a count is malformed");
        if (min > RepeatMax || max > RepeatMax || max < min)
            throw Wrong($"a count is above {RepeatMax}, or its bounds are the wrong way round");
        _at = close + 1;
        return (min, max);
    }

    private bool[] Class()
    {
        bool negated = Try('^');
        var set = new bool[128];
        while (true)
        {
            if (_at >= _pattern.Length)
                throw Wrong("a class is not closed");
            if (Try(']'))
                break;
            _budget.Charge(1, _place);
            bool[] from = Member();
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                _at++;
                bool[] to = Member();
                int first = Array.IndexOf(from, true), last = Array.IndexOf(to, true);
                if (from.Count(x => x) != 1 || to.Count(x => x) != 1 || last < first)
                    throw Wrong("a range of a class is malformed");
                for (int c = first; c <= last; c++)
                    set[c] = true;
            }
            else
            {
                for (int c = 0; c < 128; c++)
                    set[c] |= from[c];
            }
        }
        return negated ? Array.ConvertAll(set, x => !x) : set;
    }

    private bool[] Member()
    {
        char c = _pattern[_at++];
        if (c == '\\')
            return Escape(inClass: true);
        return c < 0x80 ? Set(x => x == c) : throw Wrong($"'{c}' is not ASCII; patterns with other characters are not supported");
    }

    private bool[] Escape(bool inClass)
    {
        if (_at >= _pattern.Length)
            throw Wrong("it ends in a backslash");
        char c = _pattern[_at++];
        return c switch
        {
            'd' => Set(char.IsAsciiDigit),
            'D' => Set(x => !char.IsAsciiDigit(x)),
            'w' => Set(IsWord),
            'W' => Set(x => !IsWord(x)),
            's' => Set(char.IsWhiteSpace),
            'S' => Set(x => !char.IsWhiteSpace(x)),
            't' => Set(x => x == '\t'),
            'n' => Set(x => x == '\n'),
            'r' => Set(x => x == '\r'),
            'f' => Set(x => x == '\f'),
            'v' => Set(x => x == '\v'),
            'b' when inClass => Set(x => x == '\b'),
            'x' => Set(Code(2)),
            'u' => Set(Code(4)),
            _ when char.IsAsciiLetterOrDigit(c) || c >= 0x80 => throw Wrong($"the escape '\\{c}' is not supported"),
            _ => Set(x => x == c),
        };
    }

    private Predicate<char> Code(int digits)
    {
        if (_at + digits > _pattern.Length || !ushort.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code) || code >= 0x80)
            throw Wrong("a character escape is malformed or not ASCII");
        _at += digits;
        return x => x == code;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool[] Set(Predicate<char> has) => [.. Enumerable.Range(0, 128).Select(c => has((char)c))];

    private bool Try(char c)
    {
        if (_at >= _pattern.Length || _pattern[_at] != c)
            return false;
        _at++;
        return true;
    }

    private SchemaException Wrong(string why) => new(_place, $"the pattern cannot be used at character {_at}: {why}");
}
