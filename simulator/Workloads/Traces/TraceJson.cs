using System.Text.Json;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Reads numbers out of a line of a trace; complains with the place.</summary>
internal static class TraceJson
{
    public static JsonDocument Parse(string line, string place)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new TraceException($"{place}: not JSON: {e.Message}", e);
        }
    }

    public static int Tokens(JsonElement owner, string name, string place) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int tokens) && tokens >= 0
            ? tokens
            : throw new TraceException($"{place}: `{name}` must be a whole number of tokens, 0 or more{Found(owner, name)}");

    public static double? Seconds(JsonElement owner, string name, string place)
    {
        if (!owner.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds) && double.IsFinite(seconds)
            ? seconds
            : throw new TraceException($"{place}: `{name}` must be seconds{Found(owner, name)}");
    }

    public static string Text(JsonElement owner, string name, string place) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new TraceException($"{place}: `{name}` must be a string{Found(owner, name)}");

    public static JsonElement Array(JsonElement owner, string name, string place) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array
            ? value
            : throw new TraceException($"{place}: `{name}` must be an array");

    private static string Found(JsonElement owner, string name) => owner.TryGetProperty(name, out JsonElement value) ? $", is {value.GetRawText()}" : ", is missing";
}
