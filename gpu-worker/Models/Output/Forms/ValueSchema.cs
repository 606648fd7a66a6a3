using System.Text;
using System.Text.Json;
using Astraea.Worker.Models.ChatTemplate;

namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Kinds of JSON values a schema allows.</summary>
[Flags]
internal enum ValueKinds
{
    None = 0,
    Text = 1,
    Integer = 2,
    Number = 4,
    Boolean = 8,
    Null = 16,
    Members = 32,
    Items = 64,
    Any = Text | Integer | Number | Boolean | Null | Members | Items,
}

/// <summary>A member an object may have.</summary>
/// <param name="Key">Its name as a JSON string, the colon and the blank behind it, UTF-8.</param>
/// <param name="Value">Schema of its value.</param>
/// <param name="Required">Whether it must be there.</param>
internal sealed record MemberSchema(byte[] Key, ValueSchema Value, bool Required);

/// <summary>
/// The part of a JSON schema that forced arguments follow: type, enum, const, properties in order, required, items. Everything else
/// (combinations, references, patterns, bounds) is not enforced: such a value may be any JSON.
/// </summary>
internal sealed class ValueSchema
{
    /// <summary>Levels of a schema that are followed.</summary>
    private const int DepthMax = 32;

    /// <summary>Any JSON.</summary>
    public static ValueSchema Any { get; } = new() { Kinds = ValueKinds.Any };

    private static readonly ValueSchema AnyScalar = new() { Kinds = ValueKinds.Any & ~(ValueKinds.Members | ValueKinds.Items) };
    private static readonly string[] Constants = ["enum", "const"];

    /// <summary>Kinds allowed.</summary>
    public ValueKinds Kinds { get; private init; }

    /// <summary>The only values allowed, UTF-8, when there is such a list.</summary>
    public List<byte[]>? Values { get; private init; }

    /// <summary>Members in order; null allows any.</summary>
    public List<MemberSchema>? Members { get; private init; }

    /// <summary>Schema of an array's items.</summary>
    public ValueSchema? Items { get; private init; }

    /// <summary>Reads a tool's parameters: an object always. A sole member is always there: without it there is nothing to say.</summary>
    public static ValueSchema OfParameters(JsonElement? parameters)
    {
        ValueSchema schema = parameters is { } json ? Read(json, 0) : Any;
        List<MemberSchema>? members = schema.Members is [var sole] ? [sole with { Required = true }] : schema.Members;
        return new ValueSchema { Kinds = ValueKinds.Members, Members = members };
    }

    private static ValueSchema Read(JsonElement schema, int depth)
    {
        if (depth > DepthMax)
            return AnyScalar;
        if (schema.ValueKind != JsonValueKind.Object)
            return Any;
        if (ReadValues(schema) is { Count: > 0 } values)
            return new ValueSchema { Values = values };
        List<MemberSchema>? members = ReadMembers(schema, depth);
        ValueKinds kinds = ReadKinds(schema);
        if (kinds == ValueKinds.None)
            kinds = members is not null ? ValueKinds.Members : ValueKinds.Any;
        ValueSchema? items = schema.TryGetProperty("items", out JsonElement item) ? Read(item, depth + 1) : null;
        return new ValueSchema { Kinds = kinds, Members = members, Items = items };
    }

    private static ValueKinds ReadKinds(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out JsonElement type))
            return ValueKinds.None;
        JsonElement[] names = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : [type];
        var kinds = ValueKinds.None;
        foreach (JsonElement name in names)
        {
            kinds |= (name.ValueKind == JsonValueKind.String ? name.GetString() : null) switch
            {
                "string" => ValueKinds.Text,
                "integer" => ValueKinds.Integer,
                "number" => ValueKinds.Number,
                "boolean" => ValueKinds.Boolean,
                "null" => ValueKinds.Null,
                "object" => ValueKinds.Members,
                "array" => ValueKinds.Items,
                _ => ValueKinds.None,
            };
        }
        return kinds;
    }

    private static List<byte[]>? ReadValues(JsonElement schema)
    {
        foreach (string key in Constants)
        {
            if (!schema.TryGetProperty(key, out JsonElement given))
                continue;
            IEnumerable<JsonElement> values = key == "const" ? [given] : given.ValueKind == JsonValueKind.Array ? given.EnumerateArray() : [];
            return [.. values.Select(value => Encoding.UTF8.GetBytes(PythonText.Json(TemplateValues.FromJson(value, text => text)))).DistinctBy(Convert.ToHexString)];
        }
        return null;
    }

    private static List<MemberSchema>? ReadMembers(JsonElement schema, int depth)
    {
        if (!schema.TryGetProperty("properties", out JsonElement properties) || properties.ValueKind != JsonValueKind.Object)
            return null;
        var required = new HashSet<string>(StringComparer.Ordinal);
        if (schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array)
            required.UnionWith(names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!));
        var members = new List<MemberSchema>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (seen.Add(property.Name))
                members.Add(new MemberSchema(
                    Encoding.UTF8.GetBytes(PythonText.Json(property.Name) + ": "), Read(property.Value, depth + 1), required.Contains(property.Name)));
        }
        return members.Count > 0 ? members : null;
    }
}
