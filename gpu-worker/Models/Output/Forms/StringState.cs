namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Inside a JSON string (RFC 8259 §7), between characters: valid UTF-8, escapes complete, no lone surrogates.</summary>
/// <param name="next">What follows the closing quote.</param>
/// <param name="isKey">Whether the string is a member's name, not a value.</param>
internal sealed class StringState(FormState next, bool isKey) : FormState
{
    public override bool IsOpenString => !isKey;

    public override FormState? Step(byte value) => value switch
    {
        (byte)'"' => next,
        (byte)'\\' => new EscapeState(this),
        < 0x20 => null,
        < 0x80 => this,
        // Well-formed byte sequences: Unicode Standard, table 3-7.
        >= 0xC2 and <= 0xDF => new Utf8State(this, 1, 0x80, 0xBF),
        0xE0 => new Utf8State(this, 2, 0xA0, 0xBF),
        0xED => new Utf8State(this, 2, 0x80, 0x9F),
        >= 0xE1 and <= 0xEF => new Utf8State(this, 2, 0x80, 0xBF),
        0xF0 => new Utf8State(this, 3, 0x90, 0xBF),
        >= 0xF1 and <= 0xF3 => new Utf8State(this, 3, 0x80, 0xBF),
        0xF4 => new Utf8State(this, 3, 0x80, 0x8F),
        _ => null,
    };

    public override void Complete(List<byte> output)
    {
        output.Add((byte)'"');
        next.Complete(output);
    }
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

    public override void Complete(List<byte> output)
    {
        output.Add(lowest);
        for (int i = 1; i < missing; i++)
            output.Add(0x80);
        text.Complete(output);
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

    public override void Complete(List<byte> output)
    {
        output.Add((byte)'\\');
        text.Complete(output);
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

    public override void Complete(List<byte> output)
    {
        for (int i = 0; i < missing; i++)
            output.Add((byte)'0');
        text.Complete(output);
    }
}
