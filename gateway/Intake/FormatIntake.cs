using System.Buffers;
using System.Text;
using System.Text.Json;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Intake;

/// <summary>The form an answer must have: <c>response_format</c> of Chat, <c>text.format</c> of Responses, which writes the same things flat.</summary>
internal static class FormatIntake
{
    /// <summary>The form for the segment, or null for plain text.</summary>
    /// <param name="format">The field, or null when it is absent.</param>
    /// <param name="flat">Whether name and schema stand beside the type, as in Responses.</param>
    public static string? Read(JsonFields? format, bool flat)
    {
        if (format is not { } fields)
            return null;
        switch (fields.RequiredText("type"))
        {
            case "text":
                return null;
            case "json_object":
                return "{}";
            case "json_schema":
                return Schema(flat ? fields : fields.RequiredObject("json_schema"));
            default:
                throw fields.Wrong("type", "'text', 'json_object' or 'json_schema'");
        }
    }

    private static string Schema(JsonFields holder)
    {
        holder.RequiredText("name", 64);
        JsonFields schema = holder.RequiredObject("schema");
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Encoder = WireJson.Encoder });
        writer.WriteStartObject();
        writer.WriteString("place", schema.Path);
        writer.WriteBoolean("strict", holder.OptionalFlag("strict") ?? true);
        writer.WritePropertyName("schema");
        schema.Element.WriteTo(writer);
        writer.WriteEndObject();
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
