using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>The silo as its users run it: a process of its own on a data folder, which can be killed and started again.</summary>
public sealed partial class SiloProcess : IAsyncDisposable
{
    public const string ApiKey = "end-to-end-test-key";

    private const string ReadyLine = "astraea: listening on ";
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public Uri Address => _ready.Task.Result;

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts a silo and waits until it listens.</summary>
    /// <param name="dataDirectory">Where it keeps what must survive.</param>
    /// <param name="settings">More settings, such as <c>Astraea:Worker:Count=2</c>.</param>
    public static async Task<SiloProcess> StartAsync(string dataDirectory, params string[] settings)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "astraea-silo.dll"));
        start.ArgumentList.Add("--Astraea:Listen=http://127.0.0.1:0");
        start.ArgumentList.Add($"--Astraea:DataDirectory={dataDirectory}");
        start.ArgumentList.Add("--Astraea:Gateway:ApiKeys:0:Tenant=tests");
        start.ArgumentList.Add($"--Astraea:Gateway:ApiKeys:0:Key={ApiKey}");
        foreach (string setting in settings)
            start.ArgumentList.Add("--" + setting);
        var silo = new SiloProcess(Process.Start(start)!);
        Task exited = silo._process.WaitForExitAsync();
        if (await Task.WhenAny(silo._ready.Task, exited) == exited)
        {
            await silo._reading;
            throw new InvalidOperationException($"The silo ended with {silo._process.ExitCode} before it listened:\n{silo.Output}");
        }
        return silo;
    }

    /// <summary>kill -9: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop (SIGTERM) and waits.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        if (SendSignal(_process.Id, SigTerm) != 0)
            throw new InvalidOperationException("The signal could not be sent.");
        await _process.WaitForExitAsync();
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_output)
                _output.AppendLine(line);
            if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
                _ready.TrySetResult(new Uri(line[ReadyLine.Length..].Trim()));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
