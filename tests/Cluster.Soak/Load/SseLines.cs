using System.Text.Json.Nodes;

namespace Astraea.Cluster.Soak.Load;

/// <summary>Reads the data of server-sent events, one JSON object each, up to the last line of the stream.</summary>
internal static class SseLines
{
    /// <exception cref="IOException">The stream ended without its last line.</exception>
    public static async IAsyncEnumerable<JsonNode> ReadAsync(Stream body)
    {
        using StreamReader reader = new(body);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == "data: [DONE]")
                yield break;
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                yield return JsonNode.Parse(line["data: ".Length..])!;
        }
        throw new IOException("The stream ended without its last line.");
    }
}
