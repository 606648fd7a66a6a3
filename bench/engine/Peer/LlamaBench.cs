using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Astraea.Bench.Engine.Peer;

/// <summary>Runs llama.cpp's own benchmark, whose path the user gives.</summary>
internal sealed class LlamaBench
{
    private readonly string _path;
    private readonly int _threads;

    private LlamaBench(string path, int threads)
    {
        _path = path;
        _threads = threads;
    }

    /// <summary>The program at a path, or null when none is named.</summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    public static LlamaBench? Find(string path, int threads)
    {
        if (path.Length == 0)
            return null;
        return File.Exists(path) ? new LlamaBench(path, threads) : throw new FileNotFoundException($"--peer {path}: no such file.", path);
    }

    /// <summary>Prefill and decode (tokens/s), one repetition each: the rounds repeat.</summary>
    public (double Prefill, double Decode) Measure(string gguf, int prefill, int decode)
    {
        var start = new ProcessStartInfo(_path) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])
            ["-m", gguf, "-t", Text(_threads), "-p", Text(prefill), "-n", Text(decode), "-r", "1", "-o", "json"])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        // Its chatter must not fill a pipe that nobody reads.
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{_path} ended with {process.ExitCode} on {gguf}: {errors.Result}");
        double prefillSpeed = 0, decodeSpeed = 0;
        using JsonDocument json = JsonDocument.Parse(output);
        foreach (JsonElement test in json.RootElement.EnumerateArray())
        {
            double speed = test.GetProperty("avg_ts").GetDouble();
            if (test.GetProperty("n_gen").GetInt32() > 0)
                decodeSpeed = speed;
            else
                prefillSpeed = speed;
        }
        return (prefillSpeed, decodeSpeed);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
