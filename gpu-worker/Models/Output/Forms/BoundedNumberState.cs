using System.Globalization;

namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Bounds of a number, on a grid of so many fraction digits.</summary>
/// <param name="Min">Least value (units of the last fraction digit).</param>
/// <param name="Max">Greatest value (units of the last fraction digit).</param>
/// <param name="FractionDigits">Digits behind the point; 0 for an integer.</param>
internal sealed record NumberBounds(Int128 Min, Int128 Max, int FractionDigits)
{
    /// <summary>Digits before the point: what a double holds exactly.</summary>
    public const int WholeDigitsMax = 15;

    /// <summary>One, in units of the last fraction digit.</summary>
    public Int128 One { get; } = Power(FractionDigits);

    public static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (; exponent > 0; exponent--)
            power *= 10;
        return power;
    }
}

/// <summary>Inside a number within bounds: a digit may come when some number that begins so lies within them. No exponent, no negative zero.</summary>
internal sealed class BoundedNumberState : FormState
{
    private readonly NumberBounds _bounds;
    private readonly FormState _next;
    private readonly Int128 _low;
    private readonly Int128 _high;
    private readonly bool _negative;
    private readonly Int128 _value;
    private readonly int _digits;
    private readonly int _fraction;

    private BoundedNumberState(NumberBounds bounds, FormState next, bool negative, Int128 value, int digits, int fraction)
    {
        _bounds = bounds;
        _next = next;
        _negative = negative;
        (_low, _high) = negative ? (Int128.Max(1, -bounds.Max), -bounds.Min) : (Int128.Max(0, bounds.Min), bounds.Max);
        _value = value;
        _digits = digits;
        _fraction = fraction;
    }

    private bool MayEnd => _digits > 0 && _fraction != 0 && _value >= _low && _value <= _high;

    /// <summary>A number from its first byte on.</summary>
    public static BoundedNumberState Begin(NumberBounds bounds, FormState next) => new(bounds, next, false, 0, 0, -1);

    public override FormState? Step(byte value)
    {
        BoundedNumberState? state = null;
        if (value == '-' && _digits == 0 && !_negative)
            state = new BoundedNumberState(_bounds, _next, true, 0, 0, -1);
        else if (value == '.' && _digits > 0 && _fraction < 0 && _bounds.FractionDigits > 0)
            state = new BoundedNumberState(_bounds, _next, _negative, _value, _digits, 0);
        else if (char.IsAsciiDigit((char)value))
            state = Digit(value - '0');
        if (state is not null && state.Reach() is not null)
            return state;
        return MayEnd ? _next.Step(value) : null;
    }

    public override FormState Finish(List<byte> output)
    {
        if (!MayEnd)
        {
            bool turns = _digits == 0 && !_negative && Reach(false) is null;
            BoundedNumberState from = turns ? new BoundedNumberState(_bounds, _next, true, 0, 0, -1) : this;
            // The target lies among the numbers that begin with what is written.
            string target = from.Write(from.Reach(turn: false)!.Value, Math.Max(from._fraction < 0 ? 0 : 1, from._fraction));
            string rest = target[(from._digits == 0 ? 0 : from.Written)..];
            output.AddRange(System.Text.Encoding.ASCII.GetBytes((turns ? "-" : "") + rest));
        }
        return _next;
    }

    private BoundedNumberState? Digit(int digit)
    {
        if (_fraction >= 0)
        {
            return _fraction < _bounds.FractionDigits
                ? new BoundedNumberState(_bounds, _next, _negative, _value + (digit * NumberBounds.Power(_bounds.FractionDigits - _fraction - 1)), _digits, _fraction + 1)
                : null;
        }
        return _digits < NumberBounds.WholeDigitsMax && !(_digits > 0 && _value == 0)
            ? new BoundedNumberState(_bounds, _next, _negative, (_value * 10) + (digit * _bounds.One), _digits + 1, -1)
            : null;
    }

    /// <summary>The nearest number within the bounds that begins with what is written; null when there is none.</summary>
    private Int128? Reach(bool turn = true)
    {
        if (_digits == 0)
        {
            if (turn && !_negative && new BoundedNumberState(_bounds, _next, true, 0, 0, -1).Reach(false) is { } below)
                return below;
            return _low <= _high && _low < NumberBounds.Power(NumberBounds.WholeDigitsMax) * _bounds.One ? _low : null;
        }
        if (_fraction >= 0)
            return Within(_value, NumberBounds.Power(_bounds.FractionDigits - _fraction));
        Int128 first = _value, width = _bounds.One;
        for (int digits = _digits; digits <= NumberBounds.WholeDigitsMax; digits++, first *= 10, width *= 10)
        {
            if (Within(first, width) is { } found)
                return found;
            if (_value == 0)
                break;
        }
        return null;
    }

    private Int128? Within(Int128 first, Int128 width)
    {
        Int128 value = Int128.Max(first, _low);
        return value <= _high && value < first + width ? value : null;
    }

    /// <summary>Digits and point of what is written of the magnitude (characters).</summary>
    private int Written => _digits + (_fraction < 0 ? 0 : 1 + _fraction);

    /// <summary>Writes a magnitude with as many fraction digits as are needed, or asked for.</summary>
    private string Write(Int128 value, int fractionMin)
    {
        string whole = (value / _bounds.One).ToString(CultureInfo.InvariantCulture);
        string behind = _bounds.FractionDigits == 0 ? "" : (value % _bounds.One).ToString(CultureInfo.InvariantCulture).PadLeft(_bounds.FractionDigits, '0');
        behind = behind.TrimEnd('0').PadRight(fractionMin, '0');
        return behind.Length == 0 ? whole : whole + "." + behind;
    }
}
