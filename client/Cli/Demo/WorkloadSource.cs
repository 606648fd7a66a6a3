using System.Collections.Immutable;
using System.IO.Compression;
using Astraea.Core.Workloads;

namespace Astraea.Cli.Demo;

/// <summary>Where the requests of a replay come from: the built-in mixture, or a file.</summary>
internal sealed class WorkloadSource
{
    /// <summary>Longest context of a request that is replayed, output included and template not (tokens): the model has 4,096 and needs room for its template.</summary>
    public const int ContextTokensMax = 2_600;

    /// <summary>Most segments of a request that is replayed: each adds template tokens.</summary>
    public const int SegmentsMax = 24;

    private readonly ImmutableArray<WorkloadRequest> _fromFile;
    private readonly double _unknownToolSeconds;

    private WorkloadSource(ImmutableArray<WorkloadRequest> fromFile, string description, double unknownToolSeconds)
    {
        _fromFile = fromFile;
        _unknownToolSeconds = unknownToolSeconds;
        Description = description;
    }

    /// <summary>What it is, for people.</summary>
    public string Description { get; }

    /// <summary>The built-in mixture.</summary>
    public static WorkloadSource BuiltIn { get; } = new([], "built-in synthetic mixture (six kinds of agent, fitted to InferCept's figures)", 0);

    /// <summary>Opens a file, <c>.jsonl</c> or <c>.jsonl.gz</c>.</summary>
    /// <exception cref="DemoException">It cannot be read, is not in the schema, or has nothing that fits the model.</exception>
    public static WorkloadSource Open(string path, double unknownToolSeconds)
    {
        ImmutableArray<WorkloadRequest> all;
        try
        {
            all = WorkloadJsonl.Parse(ReadLines(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DemoException($"{path} cannot be read: {e.Message}", e);
        }
        catch (WorkloadFormatException e)
        {
            throw new DemoException($"{path}, {e.Message}", e);
        }
        ImmutableArray<WorkloadRequest> fitting =
            [.. all.Where(static r => r.Segments[^1].Context + r.Segments[^1].Output <= ContextTokensMax && r.Segments.Length <= SegmentsMax)];
        if (fitting.IsEmpty)
            throw new DemoException($"{path}: none of its {all.Length} requests fits (at most {ContextTokensMax} tokens and {SegmentsMax} segments).");
        string excluded = fitting.Length == all.Length ? "none excluded" : $"{all.Length - fitting.Length} excluded: over {ContextTokensMax} tokens or {SegmentsMax} segments";
        return new WorkloadSource(fitting, $"{Path.GetFileName(path)} ({all.Length} requests, {excluded})", unknownToolSeconds);
    }

    /// <summary>The requests of one replay.</summary>
    public ImmutableArray<WorkloadRequest> Take(ulong seed, int count) => _fromFile.IsEmpty
        ? SyntheticWorkload.Generate(seed, count)
        : WorkloadSample.DrawUnknownToolTimes(WorkloadSample.Take(_fromFile, seed, count), seed, _unknownToolSeconds);

    private static IEnumerable<string> ReadLines(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream plain = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using StreamReader reader = new(plain);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
