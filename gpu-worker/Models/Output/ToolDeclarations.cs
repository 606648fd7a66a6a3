using System.Collections.Immutable;
using System.Text.Json;

namespace Astraea.Worker.Models.Output;

/// <summary>A tool a client declared.</summary>
/// <param name="Name">Function name.</param>
/// <param name="Parameters">JSON schema of its arguments, or null when none was given.</param>
/// <param name="Strict">Whether arguments follow the schema wholly, or the tool is refused.</param>
public sealed record ToolDeclaration(string Name, JsonElement? Parameters, bool Strict = false);

/// <summary>Reads declared tools: a JSON array in OpenAI's chat shape.</summary>
public static class ToolDeclarations
{
    /// <summary>Most tools in one request.</summary>
    public const int CountMax = 1024;

    private const int NameLengthMax = 64;

    /// <summary>Reads the tools.</summary>
    /// <param name="json">The array, or null for none.</param>
    /// <param name="tools">The tools in order; what was read before an error.</param>
    /// <returns>Null when all is well, else what is wrong.</returns>
    public static string? Read(string? json, out ImmutableArray<ToolDeclaration> tools)
    {
        tools = [];
        if (string.IsNullOrEmpty(json))
            return null;
        JsonElement root;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            return $"tools is not JSON: {e.Message}";
        }
        if (root.ValueKind != JsonValueKind.Array)
            return "tools must be an array";
        if (root.GetArrayLength() > CountMax)
            return $"tools has {root.GetArrayLength()} entries; at most {CountMax} are allowed";
        var read = ImmutableArray.CreateBuilder<ToolDeclaration>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement tool in root.EnumerateArray())
        {
            if (ReadOne(tool, $"tools[{read.Count}]", names, read) is { } error)
                return error;
        }
        tools = read.ToImmutable();
        return null;
    }

    private static string? ReadOne(JsonElement tool, string place, HashSet<string> names, ImmutableArray<ToolDeclaration>.Builder read)
    {
        if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("function", out JsonElement function) || function.ValueKind != JsonValueKind.Object)
            return $"{place}.function must be an object";
        if (tool.TryGetProperty("type", out JsonElement type) && !type.ValueEquals("function"))
            return $"{place}.type must be \"function\"";
        if (!function.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || Text(name) is not { } text)
            return $"{place}.function.name must be a string";
        if (text.Length is 0 or > NameLengthMax || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            return $"{place}.function.name must be 1 to {NameLengthMax} of the characters a-z, A-Z, 0-9, _ and -";
        if (!names.Add(text))
            return $"{place}.function.name '{text}' is declared twice";
        JsonElement? parameters = null;
        if (function.TryGetProperty("parameters", out JsonElement schema) && schema.ValueKind != JsonValueKind.Null)
        {
            if (schema.ValueKind != JsonValueKind.Object)
                return $"{place}.function.parameters must be an object";
            if (schema.TryGetProperty("type", out JsonElement kind) && !(kind.ValueKind == JsonValueKind.String && kind.ValueEquals("object")))
                return $"{place}.function.parameters.type must be \"object\"";
            parameters = schema;
        }
        bool strict = function.TryGetProperty("strict", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
        read.Add(new ToolDeclaration(text, parameters, strict));
        return null;
    }

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // An escape makes no UTF-16.
        }
    }
}
