using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Reads the shapes a <c>tokenizer.json</c> is made of.</summary>
internal static class TokenizerJson
{
    /// <summary>The steps of a section: none, one, or those of a Sequence.</summary>
    public static List<JsonElement> Steps(JsonElement root, string section, string list)
    {
        if (!root.TryGetProperty(section, out JsonElement step) || step.ValueKind != JsonValueKind.Object)
            return [];
        return Text(step, "type") == "Sequence" ? [.. step.GetProperty(list).EnumerateArray()] : [step];
    }

    /// <summary>A section as it is written, shortened.</summary>
    public static string Section(JsonElement root, string section) => root.TryGetProperty(section, out JsonElement value) ? Short(value.GetRawText()) : "absent";

    public static string? Text(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool Flag(JsonElement element, string key, bool otherwise = false) =>
        element.TryGetProperty(key, out JsonElement value) ? value.ValueKind == JsonValueKind.True || (value.ValueKind != JsonValueKind.False && otherwise) : otherwise;

    /// <summary>The text a pattern stands for, when it is one.</summary>
    public static string PatternText(JsonElement step, string place)
    {
        JsonElement pattern = step.GetProperty("pattern");
        return Text(pattern, "String") ?? throw Refused(place, pattern.GetRawText(), "only a String is supported here");
    }

    public static TextException Refused(string key, string value, string why) =>
        new(new StringBuilder("tokenizer.json: ").Append(key).Append(" is ").Append(Short(value)).Append("; ").Append(why).Append('.').ToString());

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
