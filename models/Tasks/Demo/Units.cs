namespace Astraea.Models.Tasks.Demo;

/// <summary>Units the demo converts, each as a factor and an offset to the base of its quantity.</summary>
internal sealed record Unit(string Symbol, string Name, string Quantity, decimal Factor, decimal Offset = 0)
{
    public static readonly Unit[] All =
    [
        new("km", "kilometres", "length", 1000), new("m", "metres", "length", 1), new("cm", "centimetres", "length", 0.01m), new("mi", "miles", "length", 1609.344m),
        new("ft", "feet", "length", 0.3048m), new("in", "inches", "length", 0.0254m), new("kg", "kilograms", "mass", 1000), new("g", "grams", "mass", 1),
        new("lb", "pounds", "mass", 453.59237m), new("oz", "ounces", "mass", 28.349523125m), new("l", "litres", "volume", 1), new("gal", "gallons", "volume", 3.785411784m),
        new("C", "degrees Celsius", "temperature", 1), new("F", "degrees Fahrenheit", "temperature", 5m / 9, -32),
        new("h", "hours", "time", 3600), new("min", "minutes", "time", 60), new("s", "seconds", "time", 1),
    ];

    /// <summary>The value in the other unit to two places, or null when the two measure different things or the number is out of reach.</summary>
    public static decimal? Convert(decimal value, string from, string to)
    {
        Unit? source = Array.Find(All, unit => unit.Symbol == from), target = Array.Find(All, unit => unit.Symbol == to);
        if (source is null || target is null || source.Quantity != target.Quantity || Math.Abs(value) > 1_000_000_000)
            return null;
        return Expression.Plain(Math.Round(((value + source.Offset) * source.Factor / target.Factor) - target.Offset, 2, MidpointRounding.AwayFromZero));
    }
}
