using System.Text.Json;
using System.Text.Json.Nodes;

namespace Astraea.Worker.Tests.Text;

/// <summary>Random schemas out of all the words forms follow.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] Patterns =
        ["^[a-z]{2,5}$", "^(foo|ba[rz])+$", "\\d", "^\\w+@\\w+\\.(com|org)$", "^#[0-9a-fA-F]{6}$", "a.c$", "^[^x]*y?$", "^\"quoted\\\\\"$", "^(\\+|-)?[1-9]\\d{0,3}(\\.\\d+)?$", "[\\t ]b"];

    private static readonly string[] Formats = ["date", "time", "date-time", "uuid", "ipv4", "hostname", "email"];

    /// <summary>A schema with an object at the top and definitions that lead back to themselves.</summary>
    public JsonElement Next()
    {
        JsonObject root = Members(3);
        root["$defs"] = new JsonObject
        {
            ["list"] = JsonNode.Parse("""{"anyOf": [{"type": "null"}, {"type": "object", "properties": {"head": {"type": "integer"}, "tail": {"$ref": "#/$defs/list"}}, "required": ["head", "tail"], "additionalProperties": false}]}"""),
            ["tree"] = JsonNode.Parse("""{"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["name", "children"]}"""),
            ["leaf"] = Value(0),
        };
        return JsonSerializer.SerializeToElement(root);
    }

    private JsonObject Value(int depth) => random.Next(depth > 0 ? 14 : 8) switch
    {
        0 => Text(),
        1 => Number("integer"),
        2 => Number("number"),
        3 => new JsonObject { ["type"] = "boolean" },
        4 => new JsonObject { ["enum"] = JsonNode.Parse("""["red", "reddish", "grün", 1, 10, null, {"a": [1]}, "\"q\""]""") },
        5 => new JsonObject { ["type"] = new JsonArray("integer", "null", "string") },
        6 => new JsonObject { ["const"] = JsonNode.Parse("""{"kind": "ü", "n": [1.5, true]}""") },
        7 => [],
        8 or 9 => Members(depth - 1),
        10 => Items(depth - 1),
        11 => new JsonObject { ["anyOf"] = new JsonArray(Value(depth - 1), Value(depth - 1), Members(depth - 1)) },
        12 => new JsonObject { ["oneOf"] = new JsonArray(Tagged("cat", depth - 1), Tagged("dog", depth - 1), new JsonObject { ["type"] = "string" }) },
        _ => new JsonObject { ["$ref"] = "#/$defs/" + (string[])["list", "tree", "leaf"] switch { var names => names[random.Next(3)] } },
    };

    private JsonObject Text()
    {
        var schema = new JsonObject { ["type"] = "string" };
        switch (random.Next(5))
        {
            case 0:
                schema["minLength"] = random.Next(6);
                schema["maxLength"] = 6 + random.Next(20);
                break;
            case 1:
                schema["pattern"] = Patterns[random.Next(Patterns.Length)];
                break;
            case 2:
                schema["pattern"] = "^[ab]*c?$";
                schema["minLength"] = 3;
                schema["maxLength"] = 9;
                break;
            case 3:
                schema["format"] = Formats[random.Next(Formats.Length)];
                break;
        }
        return schema;
    }

    private JsonObject Number(string type)
    {
        var schema = new JsonObject { ["type"] = type };
        int low = random.Next(-1200, 1000);
        if (random.Next(3) > 0)
            schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = type == "integer" ? low : low + 0.25;
        if (random.Next(3) > 0)
            schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + 2 + random.Next(random.Next(2) == 0 ? 3 : 5000);
        return schema;
    }

    private JsonObject Items(int depth)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = Value(depth) };
        if (random.Next(2) == 0)
            schema["minItems"] = random.Next(3);
        if (random.Next(2) == 0)
            schema["maxItems"] = 2 + random.Next(3);
        return schema;
    }

    private JsonObject Members(int depth)
    {
        var schema = new JsonObject { ["type"] = "object" };
        if (depth < 3 && random.Next(5) == 0)
        {
            schema["additionalProperties"] = Value(depth);
            return schema;
        }
        var properties = new JsonObject();
        var required = new JsonArray();
        for (int i = random.Next(5); i > 0; i--)
        {
            string name = "p" + i + (random.Next(6) == 0 ? "\"ü" : "");
            properties[name] = Value(depth);
            if (random.Next(2) == 0)
                required.Add((JsonNode)name);
        }
        schema["properties"] = properties;
        schema["required"] = required;
        if (random.Next(2) == 0)
            schema["additionalProperties"] = false;
        return schema;
    }

    private JsonObject Tagged(string kind, int depth)
    {
        JsonObject schema = Members(0);
        schema.Remove("additionalProperties");
        schema["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = kind }, ["more"] = Value(depth) };
        schema["required"] = new JsonArray("kind");
        return schema;
    }
}
