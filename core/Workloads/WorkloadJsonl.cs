using System.Collections.Immutable;
using System.Text.Json;

namespace Astraea.Core.Workloads;

/// <summary>A line of a workload that cannot be replayed; the message names line and place.</summary>
public sealed class WorkloadFormatException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public WorkloadFormatException(string message) : base(message) { }

    /// <summary>Says what is wrong, and why.</summary>
    public WorkloadFormatException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public WorkloadFormatException() { }
}

/// <summary>Reads workloads: one JSON object per line, <c>{id, category, segments:[{new, ctx, out, tool, dur}]}</c>.</summary>
/// <remarks>
/// Other members are ignored. <c>ctx</c> may be left out; when present it must be all input and output before it plus <c>new</c>, since a replay appends.
/// A tool on the last segment is dropped with its time: the job ends with its last model output, nothing comes after that call.
/// A segment before the last without <c>tool</c> is refused; its <c>dur</c> may be null, which means that the trace does not say.
/// </remarks>
public static class WorkloadJsonl
{
    /// <summary>Most segments of a request.</summary>
    public const int SegmentsMax = 100_000;

    /// <summary>Longest context, output included (tokens): more is a mistake in the file, and sums stay far from overflow.</summary>
    public const int TokensMax = 1 << 24;

    /// <summary>Reads all lines; empty lines are skipped.</summary>
    /// <exception cref="WorkloadFormatException">A line is not in the schema.</exception>
    public static ImmutableArray<WorkloadRequest> Parse(IEnumerable<string> lines)
    {
        var requests = ImmutableArray.CreateBuilder<WorkloadRequest>();
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
                requests.Add(ParseLine(line, number));
        }
        return requests.ToImmutable();
    }

    /// <summary>Reads one line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="number">Its number in the file, from 1; for messages.</param>
    /// <exception cref="WorkloadFormatException">The line is not in the schema.</exception>
    public static WorkloadRequest ParseLine(string line, int number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return ReadRequest(document.RootElement, number);
        }
        catch (JsonException e)
        {
            throw new WorkloadFormatException($"line {number}: not JSON: {e.Message}", e);
        }
    }

    private static WorkloadRequest ReadRequest(JsonElement root, int number)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Bad(number, "a line is one JSON object");
        string id = ReadText(root, "id", number) ?? throw Bad(number, "`id` is missing");
        if (!root.TryGetProperty("segments", out JsonElement segments) || segments.ValueKind != JsonValueKind.Array)
            throw Bad(number, "`segments` must be an array");
        int count = segments.GetArrayLength();
        if (count is 0 or > SegmentsMax)
            throw Bad(number, $"`segments` must have 1 to {SegmentsMax} entries, has {count}");
        if (segments[0].ValueKind == JsonValueKind.Object && segments[0].TryGetProperty("inp", out _))
            throw Bad(number, "this is a coding-agent session trace (`t`, `inp`, `hit`, …), which is not replayed; the schema is {id, category, segments:[{new, ctx, out, tool, dur}]}");
        var read = ImmutableArray.CreateBuilder<WorkloadSegment>(count);
        int before = 0;
        foreach (JsonElement segment in segments.EnumerateArray())
        {
            WorkloadSegment next = ReadSegment(segment, before, read.Count + 1 == count, $"segments[{read.Count}]", number);
            read.Add(next);
            before = next.Context + next.Output;
        }
        if (read[0].New == 0)
            throw Bad(number, "segments[0]: `new` must be at least 1: a first prompt is not empty");
        return new WorkloadRequest(id, ReadText(root, "category", number) ?? "", read.MoveToImmutable());
    }

    private static WorkloadSegment ReadSegment(JsonElement segment, int before, bool last, string place, int number)
    {
        if (segment.ValueKind != JsonValueKind.Object)
            throw Bad(number, $"{place} must be an object");
        int input = ReadTokens(segment, "new", place, number) ?? throw Bad(number, $"{place}: `new` is missing");
        int output = ReadTokens(segment, "out", place, number) ?? throw Bad(number, $"{place}: `out` is missing");
        if (output == 0)
            throw Bad(number, $"{place}: `out` must be at least 1");
        int context = before + input;
        if (context + output > TokensMax)
            throw Bad(number, $"{place}: the context grows past {TokensMax} tokens");
        if (ReadTokens(segment, "ctx", place, number) is { } stated && stated != context)
            throw Bad(number, $"{place}: `ctx` is {stated}, but what came before ({before}) and `new` ({input}) make {context}");
        string? tool = ReadText(segment, "tool", number);
        if (tool is null && !last)
            throw Bad(number, $"{place}: `tool` is null before the last segment");
        double? seconds = ReadSeconds(segment, place, number);
        return last ? new WorkloadSegment(input, context, output, null, null) : new WorkloadSegment(input, context, output, tool, seconds);
    }

    private static int? ReadTokens(JsonElement owner, string name, string place, int number)
    {
        if (!owner.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int tokens) && tokens is >= 0 and <= TokensMax
            ? tokens
            : throw Bad(number, $"{place}: `{name}` must be a whole number of tokens from 0 to {TokensMax}");
    }

    private static double? ReadSeconds(JsonElement owner, string place, int number)
    {
        if (!owner.TryGetProperty("dur", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds) && double.IsFinite(seconds) && seconds >= 0
            ? seconds
            : throw Bad(number, $"{place}: `dur` must be seconds, 0 or more");
    }

    private static string? ReadText(JsonElement owner, string name, int number)
    {
        if (!owner.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Bad(number, $"`{name}` must be a string");
    }

    private static WorkloadFormatException Bad(int number, string what) => new($"line {number}: {what}");
}
