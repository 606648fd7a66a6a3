using System.Text.Json;
using Astraea.Worker.Models.Output.Forms;

namespace Astraea.Worker.Models.Output.Schemas;

/// <summary>Reads the bounds of numbers.</summary>
internal static class NumberWords
{
    private const int FractionDigits = 9;
    private const decimal Most = 1e15m;

    private static readonly string[] Words = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

    /// <summary>The bounds for integers and for other numbers; null where there are none.</summary>
    /// <exception cref="SchemaException">They cannot be followed, or nothing fits.</exception>
    public static (NumberBounds? Integer, NumberBounds? Number) Read(JsonElement schema, ValueKinds kinds, string place)
    {
        if (schema.TryGetProperty("multipleOf", out JsonElement step) && !(step.ValueKind == JsonValueKind.Number && step.GetRawText() == "1" && !kinds.HasFlag(ValueKinds.Number)))
            throw new SchemaException($"{place}.multipleOf", "this keyword is not supported");
        if (!Words.Any(word => schema.TryGetProperty(word, out _)))
            return (null, null);
        NumberBounds integer = On(schema, 0, place), number = On(schema, FractionDigits, place);
        NumberBounds used = kinds.HasFlag(ValueKinds.Number) ? number : integer;
        return used.Min <= used.Max ? (integer, number) : throw new SchemaException(place, "no number lies within the bounds");
    }

    private static NumberBounds On(JsonElement schema, int digits, string place)
    {
        decimal one = (decimal)NumberBounds.Power(digits);
        // Just below: every number has at most fifteen digits before the point.
        decimal min = (-Most * one) + 1, max = (Most * one) - 1;
        if (Bound(schema, "minimum", place) is { } least)
            min = Math.Max(min, Math.Ceiling(least * one));
        if (Bound(schema, "exclusiveMinimum", place) is { } below)
            min = Math.Max(min, Math.Floor(below * one) + 1);
        if (Bound(schema, "maximum", place) is { } greatest)
            max = Math.Min(max, Math.Floor(greatest * one));
        if (Bound(schema, "exclusiveMaximum", place) is { } above)
            max = Math.Min(max, Math.Ceiling(above * one) - 1);
        return new NumberBounds((Int128)min, (Int128)max, digits);
    }

    private static decimal? Bound(JsonElement schema, string word, string place)
    {
        if (!schema.TryGetProperty(word, out JsonElement given))
            return null;
        return given.ValueKind == JsonValueKind.Number && given.TryGetDecimal(out decimal bound) && Math.Abs(bound) <= Most
            ? bound
            : throw new SchemaException($"{place}.{word}", $"a number from -{Most:0} to {Most:0} is needed");
    }
}
