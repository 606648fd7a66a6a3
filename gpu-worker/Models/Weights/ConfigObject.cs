using System.Text.Json;

namespace Astraea.Worker.Models.Weights;

/// <summary>Reads keys of a JSON object; every error names the file, the key and the value.</summary>
internal readonly struct ConfigObject(JsonElement element, string place, string prefix = "")
{
    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The value of a key that is there.</summary>
    public JsonElement this[string key] =>
        element.TryGetProperty(key, out JsonElement value) ? value : throw new ModelFormatException($"{place}: key '{prefix}{key}' is missing.");

    /// <summary>An object under a key.</summary>
    public ConfigObject Object(string key) => this[key].ValueKind == JsonValueKind.Object
        ? new ConfigObject(this[key], place, $"{prefix}{key}.")
        : throw Bad(key, "must be an object");

    /// <summary>An integer in a range.</summary>
    public int Integer(string key, int min, int max, int? absent = null)
    {
        if (absent is int value && !Has(key))
            return value;
        return this[key].ValueKind == JsonValueKind.Number && this[key].TryGetInt32(out int read) && read >= min && read <= max
            ? read
            : throw Bad(key, $"must be an integer from {min} to {max}");
    }

    /// <summary>A positive, finite number.</summary>
    public double Positive(string key, double? absent = null)
    {
        if (absent is double value && !Has(key))
            return value;
        return this[key].ValueKind == JsonValueKind.Number && this[key].TryGetDouble(out double read) && read > 0 && double.IsFinite(read)
            ? read
            : throw Bad(key, "must be a number above 0");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool absent)
    {
        if (!Has(key))
            return absent;
        return this[key].ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Bad(key, "must be true or false"),
        };
    }

    /// <summary>A text.</summary>
    public string Text(string key, string? absent = null)
    {
        if (absent is not null && !Has(key))
            return absent;
        return this[key].ValueKind == JsonValueKind.String ? this[key].GetString()! : throw Bad(key, "must be a text");
    }

    /// <summary>An error about a key's value.</summary>
    public ModelFormatException Bad(string key, string what)
    {
        string value = this[key].GetRawText();
        return new ModelFormatException($"{place}: key '{prefix}{key}' {what}, but is {(value.Length > 80 ? value[..80] + "…" : value)}.");
    }
}
