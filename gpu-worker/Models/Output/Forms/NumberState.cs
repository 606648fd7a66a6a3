namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Inside a JSON number (RFC 8259 §6), of bounded length, so that it can be read back and sampling cannot stay in it.</summary>
internal sealed class NumberState : FormState
{
    /// <summary>As many digits as a double holds exactly.</summary>
    private const int DigitsMax = 15;

    private const int ExponentDigitsMax = 2;

    private readonly FormState _next;
    private readonly bool _integer;
    private readonly Part _part;
    private readonly int _digits;

    private NumberState(FormState next, bool integer, Part part, int digits)
    {
        _next = next;
        _integer = integer;
        _part = part;
        _digits = digits;
    }

    private enum Part
    {
        Start,
        Minus,
        Zero,
        Whole,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }

    private bool MayEnd => _part is Part.Zero or Part.Whole or Part.Fraction or Part.ExponentDigits;

    /// <summary>A number from its first byte on.</summary>
    public static NumberState Begin(FormState next, bool integer) => new(next, integer, Part.Start, 0);

    public override FormState? Step(byte value)
    {
        bool digit = char.IsAsciiDigit((char)value);
        NumberState? state = _part switch
        {
            Part.Start when value == '-' => To(Part.Minus),
            Part.Start or Part.Minus when digit => To(value == '0' ? Part.Zero : Part.Whole),
            Part.Whole when digit && _digits < DigitsMax => To(Part.Whole),
            Part.Zero or Part.Whole when value == '.' && !_integer => To(Part.Point),
            Part.Zero or Part.Whole or Part.Fraction when value is (byte)'e' or (byte)'E' && !_integer => To(Part.Exponent),
            Part.Point when digit => To(Part.Fraction),
            Part.Fraction when digit && _digits < DigitsMax => To(Part.Fraction),
            Part.Exponent when value is (byte)'+' or (byte)'-' => To(Part.ExponentSign),
            Part.Exponent or Part.ExponentSign when digit => To(Part.ExponentDigits),
            Part.ExponentDigits when digit && _digits < ExponentDigitsMax => To(Part.ExponentDigits),
            _ => null,
        };
        // Nothing marks the end of a number but what follows it.
        return state ?? (MayEnd ? _next.Step(value) : null);
    }

    public override FormState Finish(List<byte> output)
    {
        if (!MayEnd)
            output.Add((byte)'0');
        return _next;
    }

    private NumberState To(Part part) => new(_next, _integer, part, part == _part ? _digits + 1 : 1);
}
