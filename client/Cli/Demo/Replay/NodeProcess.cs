using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Astraea.Cli.Demo.Replay;

/// <summary>How a node of the demo is started.</summary>
/// <param name="SiloPath">The silo's dll, or its executable.</param>
/// <param name="Policy">Scheduling policy.</param>
/// <param name="Workers">Workers in the process.</param>
/// <param name="DeviceBlocks">Device pool of one worker (blocks); null leaves the silo's default.</param>
/// <param name="HostBlocks">Host tier of one worker (blocks); null leaves the silo's default.</param>
internal sealed record NodeOptions(string SiloPath, string Policy, int Workers, int? DeviceBlocks, int? HostBlocks);

/// <summary>A node as a child process, with a data directory and an API key of its own. Disposing ends it and deletes the directory.</summary>
internal sealed class NodeProcess : IReplayTarget
{
    private const string ReadyLine = "astraea: listening on ";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _directory;
    private readonly Queue<string> _lastLines = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NodeProcess(Process process, string directory, string apiKey)
    {
        _process = process;
        _directory = directory;
        ApiKey = apiKey;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Uri> Endpoints => [_ready.Task.Result];

    /// <inheritdoc/>
    public string ApiKey { get; }

    /// <inheritdoc/>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Starts a node and waits until it listens.</summary>
    /// <exception cref="DemoException">It did not start; the message carries its last lines.</exception>
    public static async Task<IReplayTarget> StartAsync(NodeOptions options, CancellationToken cancellation)
    {
        string directory = Directory.CreateTempSubdirectory("astraea-demo-").FullName;
        string apiKey = "demo-" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        Process process = new() { StartInfo = StartInfo(options, directory, apiKey), EnableRaisingEvents = true };
        NodeProcess node = new(process, directory, apiKey);
        process.OutputDataReceived += (_, line) => node.Take(line.Data);
        process.ErrorDataReceived += (_, line) => node.Take(line.Data);
        process.Exited += (_, _) => node._ready.TrySetException(new DemoException("the node ended before it listened"));
        try
        {
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await node._ready.Task.WaitAsync(StartLimit, cancellation);
            return node;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            string why = e is TimeoutException ? $"it did not listen within {StartLimit.TotalSeconds:0} s" : e.Message;
            string last = node.LastLines();
            await node.DisposeAsync();
            throw new DemoException($"The node of the demo did not start: {why}.{last}", e);
        }
        catch (OperationCanceledException)
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public string LastLines()
    {
        lock (_lastLines)
            return _lastLines.Count == 0 ? "" : $"{Environment.NewLine}Its last lines:{Environment.NewLine}  {string.Join($"{Environment.NewLine}  ", _lastLines)}";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        catch (InvalidOperationException)
        {
            // It was never started.
        }
        _process.Dispose();
        try
        {
            Directory.Delete(_directory, recursive: true);
        }
        catch (IOException)
        {
            // A leftover in the temp folder is no reason to fail.
        }
    }

    private static ProcessStartInfo StartInfo(NodeOptions options, string directory, string apiKey)
    {
        ProcessStartInfo start = new()
        {
            FileName = options.SiloPath.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? Environment.ProcessPath is { } path && IsDotnet(path) ? path : "dotnet" : options.SiloPath,
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (options.SiloPath.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(options.SiloPath);
        Dictionary<string, string?> settings = new()
        {
            ["Listen"] = "http://127.0.0.1:0",
            ["DataDirectory"] = directory,
            ["StopWithInput"] = "true",
            ["Scheduler:Policy"] = options.Policy,
            ["Worker:Count"] = Number(options.Workers),
            ["Worker:DeviceBlocks"] = Number(options.DeviceBlocks),
            ["Worker:HostBlocks"] = Number(options.HostBlocks),
            ["Worker:Threads"] = "1",
        };
        foreach ((string key, string? value) in settings.Where(static s => s.Value is not null))
            start.ArgumentList.Add($"--Astraea:{key}={value}");
        // The key goes through the environment: arguments are visible to every user of the machine.
        start.Environment["Astraea__Gateway__ApiKeys__0__Tenant"] = "demo";
        start.Environment["Astraea__Gateway__ApiKeys__0__Key"] = apiKey;
        // A node of the demo lives for a minute: compiled in tiers, it would spend a good part of that on compiling its kernels again, and the figures
        // would be the compiler's (measured on 2 cores: λ_sat 3.5/s in tiers, 7.7/s without).
        start.Environment.TryAdd("DOTNET_TieredCompilation", "0");
        return start;
    }

    private static bool IsDotnet(string path) => Path.GetFileNameWithoutExtension(path) == "dotnet";

    private static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    private void Take(string? line)
    {
        if (line is null)
            return;
        if (line.StartsWith(ReadyLine, StringComparison.Ordinal) && Uri.TryCreate(line[ReadyLine.Length..].Trim(), UriKind.Absolute, out Uri? endpoint))
            _ready.TrySetResult(endpoint);
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > 20)
                _lastLines.Dequeue();
        }
    }
}
