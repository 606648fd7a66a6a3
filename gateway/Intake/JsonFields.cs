using System.Globalization;
using System.Text.Json;

namespace Astraea.Gateway.Intake;

/// <summary>Reads the fields of a JSON object with their limits; a null field is an absent one, an unknown field is not looked at.</summary>
/// <param name="Element">The object.</param>
/// <param name="Path">Where it stands in the body, such as <c>messages[2]</c>; empty at the top.</param>
internal readonly record struct JsonFields(JsonElement Element, string Path)
{
    /// <summary>The full name of a field, as errors print it.</summary>
    public string Name(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    /// <summary>Finds a field that is there and not null.</summary>
    public bool TryGet(string field, out JsonElement value) =>
        Element.TryGetProperty(field, out value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);

    public bool Has(string field) => TryGet(field, out _);

    public string? OptionalText(string field, int lengthMax = int.MaxValue)
    {
        if (!TryGet(field, out JsonElement value))
            return null;
        string text = TextOf(value, Name(field));
        return text.Length <= lengthMax ? text : throw ApiError.Invalid(Name(field), $"'{Name(field)}' is longer than {lengthMax} characters.").Raise();
    }

    public string RequiredText(string field, int lengthMax = int.MaxValue) => OptionalText(field, lengthMax) ?? throw Missing(field);

    public bool? OptionalFlag(string field) => !TryGet(field, out JsonElement value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(field, "true or false"),
    };

    public int? OptionalWhole(string field, int min, int max)
    {
        if (!TryGet(field, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max
            ? number
            : throw Wrong(field, max == int.MaxValue ? $"a whole number of at least {min}" : $"a whole number from {min} to {max}");
    }

    public long? OptionalLong(string field)
    {
        if (!TryGet(field, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : throw Wrong(field, "a whole number of 64 bits");
    }

    public double? OptionalNumber(string field, double min, double max)
    {
        if (!TryGet(field, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= min && number <= max
            ? number
            : throw Wrong(field, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"));
    }

    public JsonFields? OptionalObject(string field) => !TryGet(field, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonFields(value, Name(field)) : throw Wrong(field, "an object");

    public JsonFields RequiredObject(string field) => OptionalObject(field) ?? throw Missing(field);

    public JsonElement? OptionalArray(string field, int lengthMax)
    {
        if (!TryGet(field, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Wrong(field, "an array");
        return value.GetArrayLength() <= lengthMax
            ? value
            : throw ApiError.Invalid(Name(field), $"'{Name(field)}' has {value.GetArrayLength()} entries; at most {lengthMax} are allowed.", "array_above_max_length").Raise();
    }

    /// <summary>The objects of an array, each with its place in the body.</summary>
    public static IEnumerable<JsonFields> Objects(JsonElement array, string path)
    {
        int index = 0;
        foreach (JsonElement entry in array.EnumerateArray())
        {
            string place = $"{path}[{index++}]";
            yield return entry.ValueKind == JsonValueKind.Object
                ? new JsonFields(entry, place)
                : throw ApiError.Invalid(place, $"'{place}' must be an object.", "invalid_type").Raise();
        }
    }

    public static string TextOf(JsonElement value, string path) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw ApiError.Invalid(path, $"'{path}' must be a string.", "invalid_type").Raise();

    public ApiException Missing(string field) => ApiError.Invalid(Name(field), $"'{Name(field)}' is required.", "missing_required_parameter").Raise();

    public ApiException Wrong(string field, string expected) => ApiError.Invalid(Name(field), $"'{Name(field)}' must be {expected}.", "invalid_value").Raise();
}
