using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Intake;

/// <summary>Function tools and the choice among them. Chat nests a tool under <c>function</c>, Responses writes it flat; both become the chat shape.</summary>
internal static partial class ToolIntake
{
    public static ToolAsk Read(JsonFields body, Surface surface, GatewayOptions options)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        string? json = null;
        if (body.OptionalArray("tools", options.ToolsMax) is { } tools && tools.GetArrayLength() > 0)
            json = Normalise(tools, surface, names);
        return Choose(body, surface, json, names);
    }

    /// <summary>Writes each tool with name, description and parameters in this order, so that equal tools render to equal tokens whoever sends them.</summary>
    private static string Normalise(JsonElement tools, Surface surface, HashSet<string> names)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Encoder = WireJson.Encoder });
        writer.WriteStartArray();
        foreach (JsonFields tool in JsonFields.Objects(tools, "tools"))
        {
            string type = tool.RequiredText("type");
            if (type != "function")
                throw ApiError.Invalid(tool.Name("type"), $"Tools of type '{Printable(type)}' are not supported; only 'function' is.", "unsupported_value").Raise();
            JsonFields function = surface == Surface.Chat ? tool.RequiredObject("function") : tool;
            string name = function.RequiredText("name");
            if (!NamePattern().IsMatch(name))
                throw function.Wrong("name", "1 to 64 letters, digits, underscores or dashes");
            if (!names.Add(name))
                throw ApiError.Invalid(function.Name("name"), $"The tool '{name}' is declared twice.").Raise();
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", name);
            if (function.OptionalText("description") is { } description)
                writer.WriteString("description", description);
            if (function.OptionalObject("parameters") is { } parameters)
            {
                writer.WritePropertyName("parameters");
                parameters.Element.WriteTo(writer);
            }
            if (function.OptionalFlag("strict") is true)
                writer.WriteBoolean("strict", true);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static ToolAsk Choose(JsonFields body, Surface surface, string? json, HashSet<string> names)
    {
        if (!body.TryGet("tool_choice", out JsonElement choice))
            return new ToolAsk(json, json is null ? ToolMode.None : ToolMode.Auto, null);
        if (choice.ValueKind == JsonValueKind.String)
        {
            ToolMode mode = choice.GetString() switch
            {
                "none" => ToolMode.None,
                "auto" => json is null ? ToolMode.None : ToolMode.Auto,
                "required" => ToolMode.Required,
                _ => throw body.Wrong("tool_choice", "'none', 'auto', 'required' or a named function"),
            };
            if (mode == ToolMode.Required && json is null)
                throw ApiError.Invalid("tool_choice", "'tool_choice' is 'required' but no tools are given.").Raise();
            return new ToolAsk(json, mode, null);
        }
        JsonFields named = body.RequiredObject("tool_choice");
        if (named.RequiredText("type") != "function")
            throw ApiError.Unsupported("tool_choice", "Only a choice of type 'function' is supported.").Raise();
        JsonFields holder = surface == Surface.Chat ? named.RequiredObject("function") : named;
        string name = holder.RequiredText("name");
        return names.Contains(name)
            ? new ToolAsk(json, ToolMode.Named, name)
            : throw ApiError.Invalid("tool_choice", $"'tool_choice' names the tool '{Printable(name)}', which is not among 'tools'.").Raise();
    }

    /// <summary>What a client sent, fit for a message: short, and no control characters.</summary>
    public static string Printable(string text) =>
        new([.. text.Take(64).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}\\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
