using System.Text.Json;
using System.Text.RegularExpressions;

namespace Astraea.Chart.Tests;

/// <summary>Checks values against the part of JSON Schema that the chart's schema uses; a word outside that part is a problem too.</summary>
internal static class ValuesSchema
{
    private static readonly HashSet<string> s_known =
    [
        "$schema", "title", "description", "type", "properties", "required", "additionalProperties", "items", "enum",
        "minimum", "maximum", "minLength", "maxLength", "pattern",
    ];

    /// <summary>What is wrong; empty when all is well.</summary>
    public static IEnumerable<string> Problems(JsonElement schema, JsonElement value, string path = "values")
    {
        foreach (JsonProperty word in schema.EnumerateObject().Where(word => !s_known.Contains(word.Name)))
            yield return $"{path}: the schema says '{word.Name}', which this check does not know";
        if (schema.TryGetProperty("enum", out JsonElement choices) && !choices.EnumerateArray().Any(c => JsonElement.DeepEquals(c, value)))
            yield return $"{path}: {value.GetRawText()} is none of {choices.GetRawText()}";
        if (schema.TryGetProperty("type", out JsonElement type) && !IsOf(type.GetString()!, value))
        {
            yield return $"{path}: {value.GetRawText()} is not of type {type.GetString()}";
            yield break;
        }
        IEnumerable<string> inner = value.ValueKind switch
        {
            JsonValueKind.Object => Members(schema, value, path),
            JsonValueKind.Array => schema.TryGetProperty("items", out JsonElement items)
                ? value.EnumerateArray().SelectMany((item, i) => Problems(items, item, $"{path}[{i}]")) : [],
            JsonValueKind.Number => Numbers(schema, value, path),
            JsonValueKind.String => Strings(schema, value.GetString()!, path),
            _ => [],
        };
        foreach (string problem in inner)
            yield return problem;
    }

    private static IEnumerable<string> Members(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("required", out JsonElement required))
        {
            foreach (JsonElement name in required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)))
                yield return $"{path} lacks {name.GetString()}";
        }
        bool closed = schema.TryGetProperty("additionalProperties", out JsonElement more) && more.ValueKind == JsonValueKind.False;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (schema.TryGetProperty("properties", out JsonElement properties) && properties.TryGetProperty(member.Name, out JsonElement property))
            {
                foreach (string problem in Problems(property, member.Value, $"{path}.{member.Name}"))
                    yield return problem;
            }
            else if (closed)
                yield return $"{path}.{member.Name} is not known";
        }
    }

    private static IEnumerable<string> Numbers(JsonElement schema, JsonElement value, string path)
    {
        double number = value.GetDouble();
        if (schema.TryGetProperty("minimum", out JsonElement least) && number < least.GetDouble())
            yield return $"{path}: {number} is less than {least}";
        if (schema.TryGetProperty("maximum", out JsonElement most) && number > most.GetDouble())
            yield return $"{path}: {number} is more than {most}";
    }

    private static IEnumerable<string> Strings(JsonElement schema, string text, string path)
    {
        if (schema.TryGetProperty("minLength", out JsonElement least) && text.Length < least.GetInt32())
            yield return $"{path}: '{text}' is shorter than {least}";
        if (schema.TryGetProperty("maxLength", out JsonElement most) && text.Length > most.GetInt32())
            yield return $"{path}: '{text}' is longer than {most}";
        if (schema.TryGetProperty("pattern", out JsonElement pattern) && !Regex.IsMatch(text, pattern.GetString()!))
            yield return $"{path}: '{text}' does not match {pattern.GetString()}";
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => throw new InvalidDataException($"type {type}"),
    };
}
