using System.Diagnostics;
using System.Globalization;

namespace Astraea.Cli.Cluster;

/// <summary>A line that a process of the cluster wrote.</summary>
/// <param name="Process">Its name.</param>
/// <param name="At">When it was read here.</param>
/// <param name="Text">The line.</param>
internal readonly record struct ProcessLine(string Process, DateTimeOffset At, string Text);

/// <summary>One silo of the cluster as a child process. It ends with this process, however this one ends: then its standard input does.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const string ReadyLine = "astraea: listening on ";
    private const int LinesKept = 40;
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly Action<ProcessLine> _wrote;
    private readonly StreamWriter _log;
    private readonly Queue<string> _lastLines = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private int _disposed;

    private SiloProcess(Process process, MemberPlan plan, int siloPort, string logFile, Action<ProcessLine> wrote)
    {
        _process = process;
        _wrote = wrote;
        Plan = plan;
        SiloPort = siloPort;
        _log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>What it was started as.</summary>
    public MemberPlan Plan { get; }

    /// <summary>Its port for other silos: the cluster's logs name it by that.</summary>
    public int SiloPort { get; }

    /// <summary>Id of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Where it answers HTTP.</summary>
    public Uri Endpoint => _ready.Task.Result;

    /// <summary>Whether it answered once and is still there.</summary>
    public bool IsRunning => _ready.Task.IsCompletedSuccessfully && Volatile.Read(ref _disposed) == 0 && !_process.HasExited;

    /// <summary>Starts a process and waits until it listens.</summary>
    /// <param name="cluster">What it shares with the others.</param>
    /// <param name="plan">What it is.</param>
    /// <param name="wrote">Hears every line it writes.</param>
    /// <param name="cancellation">Ends the wait, and the process.</param>
    /// <exception cref="ClusterException">It did not start; the message carries its last lines.</exception>
    public static async Task<SiloProcess> StartAsync(ClusterPlan cluster, MemberPlan plan, Action<ProcessLine> wrote, CancellationToken cancellation)
    {
        int siloPort = FreePorts.Take();
        string folder = Path.Combine(cluster.Folder, plan.Name);
        Directory.CreateDirectory(folder);
        Process process = Process.Start(StartInfo(cluster, plan, folder, siloPort))!;
        SiloProcess silo = new(process, plan, siloPort, Path.Combine(cluster.Folder, $"{plan.Name}.log"), wrote);
        try
        {
            Task exited = process.WaitForExitAsync(cancellation);
            Task first = await Task.WhenAny(silo._ready.Task, exited, Task.Delay(s_startLimit, cancellation));
            if (first == silo._ready.Task)
                return silo;
            cancellation.ThrowIfCancellationRequested();
            if (first == exited)
                await silo._reading;
            string why = first == exited ? $"it ended with {process.ExitCode}" : $"it did not listen within {s_startLimit.TotalSeconds:0} s";
            throw new ClusterException($"The process {plan.Name} ({plan.Roles}) did not start: {why}.{silo.LastLines()}");
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>The last lines it wrote, to explain a failure; empty when there are none.</summary>
    public string LastLines()
    {
        lock (_lastLines)
            return _lastLines.Count == 0 ? "" : $"{Environment.NewLine}Last lines of {Plan.Name}:{Environment.NewLine}  {string.Join($"{Environment.NewLine}  ", _lastLines)}";
    }

    /// <summary>kill -9: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; waits for the end.</summary>
    /// <param name="limit">After this it is killed.</param>
    /// <returns>Its exit code; null when it had to be killed.</returns>
    public async Task<int?> TerminateAsync(TimeSpan limit)
    {
        Signals.AskToEnd(_process);
        using CancellationTokenSource late = new(limit);
        try
        {
            await _process.WaitForExitAsync(late.Token);
            await _reading;
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return null;
        }
    }

    /// <summary>SIGSTOP: it stands still and knows nothing of it.</summary>
    public void Suspend() => Signals.Suspend(_process);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Resume(_process);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await KillAsync();
        await _reading;
        await _log.DisposeAsync();
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(ClusterPlan cluster, MemberPlan plan, string folder, int siloPort)
    {
        bool isLibrary = cluster.SiloPath.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        ProcessStartInfo start = new()
        {
            FileName = !isLibrary ? cluster.SiloPath : Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (isLibrary)
            start.ArgumentList.Add(cluster.SiloPath);
        Dictionary<string, string> settings = new(cluster.Settings)
        {
            ["Listen"] = "http://127.0.0.1:0",
            ["DataDirectory"] = folder,
            ["StopWithInput"] = "true",
            ["Roles"] = plan.Roles,
            ["Cluster:Id"] = cluster.Id,
            ["Cluster:NodeName"] = plan.Name,
            ["Cluster:SiloPort"] = Number(siloPort),
            ["Cluster:GatewayPort"] = Number(FreePorts.Take()),
            ["Cluster:SecretFile"] = Path.Combine(cluster.Folder, "cluster.secret"),
            ["Cluster:CaFile"] = Path.Combine(cluster.Folder, "cluster.ca.pem"),
        };
        foreach ((string key, string value) in settings)
            start.ArgumentList.Add($"--Astraea:{key}={value}");
        // Secrets go through the environment: arguments are visible to every user of the machine.
        start.Environment["Astraea__Storage__Postgres"] = cluster.Postgres;
        start.Environment["Astraea__Gateway__ApiKeys__0__Tenant"] = cluster.Tenant;
        start.Environment["Astraea__Gateway__ApiKeys__0__Key"] = cluster.ApiKey;
        // As in the demo: what lives for a minute should not spend it on compiling its kernels twice. Without kernels, tiers only make the start shorter.
        if (plan.IsWorker)
            start.Environment.TryAdd("DOTNET_TieredCompilation", "0");
        return start;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } text)
        {
            ProcessLine line = new(Plan.Name, DateTimeOffset.UtcNow, text);
            lock (_lastLines)
            {
                _log.WriteLine($"{line.At:HH:mm:ss.fff} {text}");
                _lastLines.Enqueue(text);
                if (_lastLines.Count > LinesKept)
                    _lastLines.Dequeue();
            }
            if (text.StartsWith(ReadyLine, StringComparison.Ordinal) && Uri.TryCreate(text[ReadyLine.Length..].Trim(), UriKind.Absolute, out Uri? endpoint))
                _ready.TrySetResult(endpoint);
            _wrote(line);
        }
    }
}

/// <summary>The cluster cannot go on; the message is for the person who started it.</summary>
internal sealed class ClusterException(string message) : Exception(message);
