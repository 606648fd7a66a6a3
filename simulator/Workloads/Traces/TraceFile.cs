using System.Text.Json;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Reads a trace of any kind that is known: the first line tells which.</summary>
public static class TraceFile
{
    /// <summary>Reads a file, packed by gzip or not.</summary>
    /// <param name="path">The file.</param>
    /// <param name="seed">Of the times that the trace does not give.</param>
    /// <exception cref="TraceException">It cannot be read, or is of no known kind.</exception>
    public static SessionWorkload Read(string path, ulong seed) => Parse(NameOf(path), TraceText.Lines(path), seed);

    /// <summary>The same for lines that are at hand.</summary>
    internal static SessionWorkload Parse(string name, string[] lines, ulong seed)
    {
        string first = lines.FirstOrDefault(static l => !string.IsNullOrWhiteSpace(l)) ?? throw new TraceException($"{name}: there is nothing in it");
        SessionWorkload read = first.Trim() == AzureTrace.Header ? AzureTrace.Read(name, lines)
            : First(name, first) switch
            {
                Kind.Mooncake => MooncakeTrace.Read(name, lines),
                Kind.CodingAgent => ClaudeCodeTrace.Read(name, lines),
                _ => GenericTrace.Read(name, lines, seed),
            };
        return read.Sessions.IsEmpty ? throw new TraceException($"{name}: there is no session in it") : read;
    }

    private enum Kind { Generic, CodingAgent, Mooncake }

    private static Kind First(string name, string line)
    {
        using JsonDocument document = TraceJson.Parse(line, $"{name}: line 1");
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return Kind.Generic;
        if (root.TryGetProperty("hash_ids", out _))
            return Kind.Mooncake;
        bool coding = root.TryGetProperty("segments", out JsonElement segments) && segments.ValueKind == JsonValueKind.Array && segments.GetArrayLength() > 0
            && segments[0].ValueKind == JsonValueKind.Object && (segments[0].TryGetProperty("inp", out _) || segments[0].TryGetProperty("sub", out _));
        return coding ? Kind.CodingAgent : Kind.Generic;
    }

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        return name[..(name.IndexOf('.', StringComparison.Ordinal) is > 0 and int dot ? dot : name.Length)];
    }
}
