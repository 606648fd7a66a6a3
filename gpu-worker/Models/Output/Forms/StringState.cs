namespace Astraea.Worker.Models.Output.Forms;

/// <summary>How long a text may be.</summary>
/// <param name="Min">At least (code points).</param>
/// <param name="Max">At most (code points).</param>
internal sealed record TextLength(int Min, int Max)
{
    public static TextLength Free { get; } = new(0, int.MaxValue);

    public bool IsFree => Min == 0 && Max == int.MaxValue;
}

/// <summary>Inside a JSON string (RFC 8259 §7), between characters: valid UTF-8, escapes complete, no lone surrogates.</summary>
internal sealed class StringState : FormState
{
    private readonly FormState _next;
    private readonly bool _isKey;
    private readonly TextLength _length;
    private readonly int _count;

    private StringState(FormState next, bool isKey, TextLength length, int count)
    {
        _next = next;
        _isKey = isKey;
        _length = length;
        _count = count;
    }

    public override bool IsOpenString => !_isKey;

    /// <summary>Whether every character may come, now and later: then what may come inside does not depend on the place.</summary>
    public bool IsFree => _length.IsFree;

    /// <summary>Behind the opening quote.</summary>
    /// <param name="next">What follows the closing quote.</param>
    /// <param name="isKey">Whether the string is a member's name, not a value.</param>
    /// <param name="length">How long it may be.</param>
    public static StringState Begin(FormState next, bool isKey, TextLength? length = null) => new(next, isKey, length ?? TextLength.Free, 0);

    public override FormState? Step(byte value)
    {
        if (value == '"')
            return _count >= _length.Min ? _next : null;
        if (_count >= _length.Max)
            return null;
        return value switch
        {
            (byte)'\\' => new EscapeState(Longer()),
            < 0x20 => null,
            < 0x80 => Longer(),
            // Well-formed byte sequences: Unicode Standard, table 3-7.
            >= 0xC2 and <= 0xDF => new Utf8State(Longer(), 1, 0x80, 0xBF),
            0xE0 => new Utf8State(Longer(), 2, 0xA0, 0xBF),
            0xED => new Utf8State(Longer(), 2, 0x80, 0x9F),
            >= 0xE1 and <= 0xEF => new Utf8State(Longer(), 2, 0x80, 0xBF),
            0xF0 => new Utf8State(Longer(), 3, 0x90, 0xBF),
            >= 0xF1 and <= 0xF3 => new Utf8State(Longer(), 3, 0x80, 0xBF),
            0xF4 => new Utf8State(Longer(), 3, 0x80, 0x8F),
            _ => null,
        };
    }

    public override FormState Finish(List<byte> output)
    {
        for (int missing = _length.Min - _count; missing > 0; missing--)
            output.Add((byte)' ');
        output.Add((byte)'"');
        return _next;
    }

    private StringState Longer() => IsFree ? this : new StringState(_next, _isKey, _length, _count + 1);
}

/// <summary>Inside a character of several bytes.</summary>
internal sealed class Utf8State(FormState text, int missing, byte lowest, byte highest) : FormState
{
    public override int Debt => missing;

    public override FormState? Step(byte value)
    {
        if (value < lowest || value > highest)
            return null;
        return missing == 1 ? text : new Utf8State(text, missing - 1, 0x80, 0xBF);
    }

    public override FormState Finish(List<byte> output)
    {
        output.Add(lowest);
        for (int i = 1; i < missing; i++)
            output.Add(0x80);
        return text;
    }
}

/// <summary>Behind a backslash.</summary>
internal sealed class EscapeState(FormState text) : FormState
{
    public override int Debt => 1;

    public override FormState? Step(byte value) => value switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t' => text,
        (byte)'u' => new HexState(text, 4, belowSurrogates: false),
        _ => null,
    };

    public override FormState Finish(List<byte> output)
    {
        output.Add((byte)'\\');
        return text;
    }
}

/// <summary>Inside the four digits of an escape. U+D800 to U+DFFF are left out: alone they are no characters, and pairs can be written as such.</summary>
internal sealed class HexState(FormState text, int missing, bool belowSurrogates) : FormState
{
    public override int Debt => missing;

    public override FormState? Step(byte value)
    {
        if (!char.IsAsciiHexDigit((char)value) || (belowSurrogates && value is not (>= (byte)'0' and <= (byte)'7')))
            return null;
        return missing == 1 ? text : new HexState(text, missing - 1, missing == 4 && value is (byte)'d' or (byte)'D');
    }

    public override FormState Finish(List<byte> output)
    {
        for (int i = 0; i < missing; i++)
            output.Add((byte)'0');
        return text;
    }
}
