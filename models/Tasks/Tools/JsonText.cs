using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Astraea.Models.Tasks.Tools;

/// <summary>Writes JSON as chat templates write it: a space behind each colon and comma, nothing escaped that need not be.</summary>
public static class JsonText
{
    /// <summary>Writes a node.</summary>
    /// <param name="node">The node; null writes null.</param>
    /// <param name="spaced">Whether a space stands behind colons and commas.</param>
    public static string Write(JsonNode? node, bool spaced = true)
    {
        var text = new StringBuilder();
        Write(node, spaced ? " " : "", text);
        return text.ToString();
    }

    private static void Write(JsonNode? node, string space, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject properties:
                text.Append('{');
                foreach ((string key, JsonNode? value) in properties)
                {
                    Separate(text, '{', space);
                    Quote(key, text);
                    text.Append(':').Append(space);
                    Write(value, space, text);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (JsonNode? item in items)
                {
                    Separate(text, '[', space);
                    Write(item, space, text);
                }
                text.Append(']');
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                Quote(value.GetValue<string>(), text);
                break;
            case JsonValue value:
                text.Append(value.ToJsonString());
                break;
            default:
                text.Append("null");
                break;
        }
    }

    private static void Separate(StringBuilder text, char open, string space)
    {
        if (text[^1] != open)
            text.Append(',').Append(space);
    }

    private static void Quote(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (char c in value)
        {
            text = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }
}
