using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Astraea.Worker.Tests.Text;

/// <summary>A plain JSON schema validator (draft 2020-12, the words our forms follow). Written apart from the code it checks: whole values, real regular expressions.</summary>
internal sealed class SchemaValidator(JsonElement root)
{
    /// <summary>What is wrong with a value; null when it is valid.</summary>
    public string? Check(JsonElement value) => Check(root, value, "$");

    private string? Check(JsonElement schema, JsonElement value, string path)
    {
        if (schema.ValueKind is JsonValueKind.True)
            return null;
        foreach (JsonProperty word in schema.EnumerateObject())
        {
            if (Wrong(word.Name, word.Value, schema, value, path) is { } wrong)
                return wrong;
        }
        return null;
    }

    private string? Wrong(string word, JsonElement given, JsonElement schema, JsonElement value, string path)
    {
        bool fits = word switch
        {
            "type" => (given.ValueKind == JsonValueKind.Array ? [.. given.EnumerateArray()] : new[] { given }).Any(type => IsOf(type.GetString()!, value)),
            "enum" => given.EnumerateArray().Any(allowed => Equal(allowed, value)),
            "const" => Equal(given, value),
            "minLength" => value.ValueKind != JsonValueKind.String || Length(value) >= given.GetInt32(),
            "maxLength" => value.ValueKind != JsonValueKind.String || Length(value) <= given.GetInt32(),
            "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, given.GetString()!.Replace("$", "\\z", StringComparison.Ordinal), RegexOptions.ECMAScript),
            "format" => value.ValueKind != JsonValueKind.String || HasFormat(given.GetString()!, value.GetString()!),
            "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= given.GetDecimal(),
            "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() <= given.GetDecimal(),
            "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() > given.GetDecimal(),
            "exclusiveMaximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() < given.GetDecimal(),
            "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= given.GetInt32(),
            "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= given.GetInt32(),
            "required" => value.ValueKind != JsonValueKind.Object || given.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
            "anyOf" => given.EnumerateArray().Any(option => Check(option, value, path) is null),
            "oneOf" => given.EnumerateArray().Count(option => Check(option, value, path) is null) == 1,
            "allOf" => given.EnumerateArray().All(option => Check(option, value, path) is null),
            _ => true,
        };
        if (!fits)
            return $"{path}: {value.GetRawText()} against {word} {given.GetRawText()}";
        return word switch
        {
            "$ref" => Check(Target(given.GetString()!), value, path),
            "properties" when value.ValueKind == JsonValueKind.Object => First(
                value.EnumerateObject().Where(member => given.TryGetProperty(member.Name, out _)), member => Check(given.GetProperty(member.Name), member.Value, $"{path}.{member.Name}")),
            "additionalProperties" when value.ValueKind == JsonValueKind.Object => First(
                value.EnumerateObject().Where(member => !schema.TryGetProperty("properties", out JsonElement described) || !described.TryGetProperty(member.Name, out _)),
                member => given.ValueKind == JsonValueKind.False ? $"{path}: '{member.Name}' may not be there" : Check(given, member.Value, $"{path}.{member.Name}")),
            "items" when value.ValueKind == JsonValueKind.Array => First(value.EnumerateArray(), item => Check(given, item, path + "[]")),
            _ => null,
        };
    }

    private JsonElement Target(string pointer) => pointer.Split('/')[1..].Aggregate(root, (at, name) => at.GetProperty(name));

    private static string? First<T>(IEnumerable<T> items, Func<T, string?> check) => items.Select(check).FirstOrDefault(wrong => wrong is not null);

    private static int Length(JsonElement value) => value.GetString()!.EnumerateRunes().Count();

    private static bool Equal(JsonElement a, JsonElement b) => JsonElement.DeepEquals(a, b);

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && decimal.IsInteger(number),
        "number" => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };

    private static bool HasFormat(string format, string text) => format switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) || text.StartsWith("0000", StringComparison.Ordinal),
        "time" => TimeOnly.TryParse(text.TrimEnd('Z'), CultureInfo.InvariantCulture, out _),
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) || text.StartsWith("0000", StringComparison.Ordinal),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "ipv4" => System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? address) && address.ToString() == text,
        "hostname" => Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4,
        "email" => System.Net.Mail.MailAddress.TryCreate(text, out _),
        _ => false,
    };
}
