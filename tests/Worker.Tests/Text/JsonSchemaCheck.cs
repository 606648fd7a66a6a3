using System.Text.Json;

namespace Astraea.Worker.Tests.Text;

/// <summary>Checks a value against the part of a schema that forced arguments follow. Written apart from the code it checks.</summary>
internal static class JsonSchemaCheck
{
    public static void Holds(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("enum", out JsonElement values))
            Assert.Contains(values.EnumerateArray(), allowed => JsonElement.DeepEquals(allowed, value));
        if (schema.TryGetProperty("const", out JsonElement constant))
            Assert.True(JsonElement.DeepEquals(constant, value));
        if (schema.TryGetProperty("type", out JsonElement type))
        {
            JsonElement[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : [type];
            Assert.Contains(types, allowed => IsOf(allowed.GetString()!, value));
        }
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out JsonElement items))
        {
            foreach (JsonElement item in value.EnumerateArray())
                Holds(items, item);
        }
        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out JsonElement properties))
            HoldsForMembers(schema, properties, value);
    }

    private static void HoldsForMembers(JsonElement schema, JsonElement properties, JsonElement value)
    {
        List<string> order = [.. properties.EnumerateObject().Select(property => property.Name)];
        List<string> present = [.. value.EnumerateObject().Select(member => member.Name)];
        Assert.Equal(order.Where(present.Contains), present);
        if (schema.TryGetProperty("required", out JsonElement required))
            Assert.All(required.EnumerateArray(), name => Assert.Contains(name.GetString(), present));
        foreach (JsonProperty member in value.EnumerateObject())
            Holds(properties.GetProperty(member.Name), member.Value);
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String && value.GetString() is not null,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => false,
    };
}
