using System.IO.Compression;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Lines of a trace, packed by gzip or not.</summary>
internal static class TraceText
{
    /// <summary>All lines of a file.</summary>
    /// <exception cref="TraceException">It cannot be read.</exception>
    public static string[] Lines(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using Stream text = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using StreamReader reader = new(text);
            var lines = new List<string>();
            while (reader.ReadLine() is { } line)
                lines.Add(line);
            return [.. lines];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new TraceException($"{path}: {e.Message}", e);
        }
    }
}
