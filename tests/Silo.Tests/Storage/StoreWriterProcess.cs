using System.Diagnostics;
using System.Globalization;

namespace Astraea.Silo.Tests.Storage;

/// <summary>The program that appends until it is killed.</summary>
internal static class StoreWriterProcess
{
    public static Process Start(IEnumerable<string> arguments, string? postgres = null)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "astraea-store-writer.dll"), .. arguments]) { RedirectStandardOutput = true };
        start.Environment["ASTRAEA_STORE_WRITER_POSTGRES"] = postgres;
        return Process.Start(start)!;
    }

    /// <summary>Notes what the program says is acknowledged, and kills it after so many lines.</summary>
    public static async Task KillAfterAsync(Process child, Dictionary<string, long> acknowledged, int lines)
    {
        for (int read = 0; await child.StandardOutput.ReadLineAsync() is { } line; read++)
        {
            // Lines still in the pipe after the kill are acknowledgements too.
            if (read == lines)
                child.Kill();
            string[] parts = line.Split(' ');
            if (parts.Length == 2 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long version))
                acknowledged[parts[0]] = Math.Max(version, acknowledged.GetValueOrDefault(parts[0]));
        }
        await child.WaitForExitAsync();
        Assert.Equal(137, child.ExitCode);
    }
}
