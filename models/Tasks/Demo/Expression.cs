using System.Globalization;

namespace Astraea.Models.Tasks.Demo;

/// <summary>Works out arithmetic: + - * / and brackets over decimals.</summary>
internal ref struct Expression
{
    private const int DepthMax = 32;

    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    private Expression(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The value, to four places behind the point; null when this is no arithmetic, or has no value.</summary>
    public static decimal? Evaluate(string text)
    {
        try
        {
            var expression = new Expression(text);
            decimal? value = expression.Sum();
            expression.Blanks();
            return value is { } found && expression._at == text.Length ? Plain(Math.Round(found, 4, MidpointRounding.AwayFromZero)) : null;
        }
        catch (Exception e) when (e is OverflowException or DivideByZeroException)
        {
            return null;
        }
    }

    /// <summary>The same number without zeros at its end.</summary>
    public static decimal Plain(decimal value) => value / 1.0000000000000000000000000000m;

    private decimal? Sum()
    {
        decimal? left = Product();
        while (left is not null && Operator('+', '-') is { } operation)
        {
            decimal? right = Product();
            left = operation == '+' ? left + right : left - right;
        }
        return left;
    }

    private decimal? Product()
    {
        decimal? left = Factor();
        while (left is not null && Operator('*', '/') is { } operation)
        {
            decimal? right = Factor();
            left = operation == '*' ? left * right : left / right;
        }
        return left;
    }

    private decimal? Factor()
    {
        Blanks();
        if (_at == _text.Length || _depth == DepthMax)
            return null;
        if (_text[_at] is '-' or '(')
        {
            bool minus = _text[_at++] == '-';
            _depth++;
            decimal? inner = minus ? -Factor() : Sum();
            _depth--;
            return minus || Operator(')', ')') is not null ? inner : null;
        }
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '.'))
            _at++;
        return decimal.TryParse(_text[start.._at], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) ? value : null;
    }

    private char? Operator(char one, char other)
    {
        Blanks();
        return _at < _text.Length && (_text[_at] == one || _text[_at] == other) ? _text[_at++] : null;
    }

    private void Blanks()
    {
        while (_at < _text.Length && _text[_at] == ' ')
            _at++;
    }
}
