using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace Astraea.Cli.Cluster;

/// <summary>A private PostgreSQL server in a folder of its own, on a free loopback port, with a password of its own. Disposing stops it; the folder stays.</summary>
/// <remarks>
/// A small shell stands between this process and the server and holds the other end of a pipe: when this process goes, however it goes, the pipe ends and
/// the shell stops the server. (The kernel's parent-death signal would fire when the thread ends that started the child, and pool threads do end.)
/// The server refuses to run as root; started by root, it runs as the user that its packages make, and owns the folder.
/// </remarks>
internal sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The database that is made with the server.</summary>
    public const string Database = "astraea";

    private const string User = "astraea";
    private const string SystemUser = "postgres";
    private const string PackagesFolder = "/usr/lib/postgresql";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(15);

    // $1 is the log file, the rest is the server's command line. The server must not hold the pipe itself.
    private const string KeeperScript =
        """
        log=$1; shift
        exec 3<&0
        "$@" </dev/null 3<&- >>"$log" 2>&1 &
        server=$!
        echo "$server"
        { read -r gone <&3; kill -INT "$server"; } 2>/dev/null &
        reader=$!
        wait "$server"; code=$?
        kill "$reader" 2>/dev/null
        exit "$code"
        """;

    private readonly string _binaries, _folder, _password;
    private Process? _keeper;
    private int _serverId;

    private PostgresServer(string binaries, string folder, string password)
    {
        _binaries = binaries;
        _folder = folder;
        _password = password;
    }

    /// <summary>Where it listens on the loopback address. Kept over a restart.</summary>
    public int Port { get; private set; }

    /// <summary>Whether the server's process is there.</summary>
    public bool IsRunning => _keeper is { HasExited: false };

    private string Data => Path.Combine(_folder, "data");

    private string Log => Path.Combine(_folder, "server.log");

    /// <summary>The folder with the server's programs: the first on the path, else the newest of the system's packages; null when there is none.</summary>
    public static string? FindBinaries()
    {
        IEnumerable<string> onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => ResolveFolder(Path.Combine(folder, "postgres")));
        IEnumerable<string> installed = Directory.Exists(PackagesFolder)
            ? Directory.GetDirectories(PackagesFolder)
                .OrderByDescending(folder => Version.TryParse(Path.GetFileName(folder) + ".0", out Version? version) ? version : new Version(0, 0))
                .Select(folder => Path.Combine(folder, "bin"))
            : [];
        return onPath.Concat(installed).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb")));
    }

    /// <summary>Starts a server in a folder: a new one when the folder is new, the one that lives there otherwise. Returns when it accepts connections.</summary>
    /// <exception cref="PostgresServerException">PostgreSQL is not installed, or did not start; the message carries its last words.</exception>
    public static async Task<PostgresServer> StartAsync(string folder, CancellationToken cancellation)
    {
        string binaries = FindBinaries() ?? throw new PostgresServerException(
            $"PostgreSQL is not installed: there is no 'postgres' with 'initdb' on the path or under {PackagesFolder}. Install it (Debian: apt install postgresql), or name a server of your own.");
        folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(folder);
        string passwordFile = Path.Combine(folder, "password");
        if (!File.Exists(passwordFile))
            await WritePrivateAsync(passwordFile, RandomNumberGenerator.GetHexString(48, lowercase: true), cancellation);
        PostgresServer server = new(binaries, folder, (await File.ReadAllTextAsync(passwordFile, cancellation)).Trim());
        try
        {
            await server.OwnFolderAsync(cancellation);
            if (!File.Exists(Path.Combine(server.Data, "PG_VERSION")))
                await server.InitialiseAsync(passwordFile, cancellation);
            await server.LaunchAsync(0, cancellation);
            await server.CreateDatabaseAsync(Database, cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>How to connect to one of its databases. Holds the password.</summary>
    public string ConnectionString(string database = Database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1", Port = Port, Username = User, Password = _password, Database = database,
    }.ToString();

    /// <summary>Makes a database, unless it is there.</summary>
    public async Task CreateDatabaseAsync(string name, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync(cancellation);
        await using NpgsqlCommand there = new("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = name } } };
        if (await there.ExecuteScalarAsync(cancellation) is not null)
            return;
        await using NpgsqlCommand create = new($"CREATE DATABASE \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
        await create.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Ends the server without warning, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_keeper is null)
            return;
        KillServer();
        await EndKeeperAsync();
    }

    /// <summary>Starts it again where it was, after <see cref="KillAsync"/> or <see cref="StopAsync"/>.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        await StopAsync();
        await LaunchAsync(Port, cancellation);
    }

    /// <summary>Stops the server: clients are disconnected, what is committed is written out. Killed when that takes too long.</summary>
    public async Task StopAsync()
    {
        if (_keeper is null)
            return;
        _keeper.StandardInput.Close();
        using var limit = new CancellationTokenSource(s_stopLimit);
        try
        {
            await _keeper.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            KillServer();
        }
        await EndKeeperAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>Starts and waits. A server that was killed leaves shared memory behind until its last child has noticed, so the start is tried for a while.</summary>
    private async Task LaunchAsync(int port, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Port = port != 0 ? port : FreePort();
            await StartKeeperAsync(cancellation);
            if (await WaitUntilReadyAsync(started, cancellation))
                return;
            await StopAsync();
            if (Stopwatch.GetElapsedTime(started) > s_startLimit / 4)
                throw new PostgresServerException($"PostgreSQL did not start in '{_folder}'.{LastWords(await ReadLogAsync(cancellation))}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
        }
    }

    private async Task StartKeeperAsync(CancellationToken cancellation)
    {
        string[] server =
        [
            Path.Combine(_binaries, "postgres"), "-D", Data, "-c", "listen_addresses=127.0.0.1", "-c", $"port={Port}", "-c", "unix_socket_directories=",
            "-c", "max_connections=200", "-c", "log_destination=stderr", "-c", "logging_collector=off",
        ];
        // A group of its own: Ctrl-C at the terminal must reach the silos first, and the database last.
        string[] apart = FindProgram("setsid") is { } setsid ? [setsid] : [];
        ProcessStartInfo start = Command([.. apart, .. AsServerUser(), "sh", "-c", KeeperScript, "sh", Log, .. server]);
        start.RedirectStandardInput = true;
        start.RedirectStandardError = false;
        _keeper = Process.Start(start)!;
        string? id = await _keeper.StandardOutput.ReadLineAsync(cancellation);
        if (!int.TryParse(id, out _serverId))
            throw new PostgresServerException($"PostgreSQL could not be started as user '{SystemUser}' in '{_folder}': may that user write there?");
    }

    private async Task<bool> WaitUntilReadyAsync(long started, CancellationToken cancellation)
    {
        while (IsRunning && Stopwatch.GetElapsedTime(started) < s_startLimit)
        {
            try
            {
                await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false;Timeout=5");
                await connection.OpenAsync(cancellation);
                return IsRunning;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
            }
        }
        return false;
    }

    private async Task InitialiseAsync(string passwordFile, CancellationToken cancellation)
    {
        (int code, string output) = await RunAsync(
            [.. AsServerUser(), Path.Combine(_binaries, "initdb"), "-D", Data, "-U", User, $"--pwfile={passwordFile}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"],
            cancellation);
        if (code != 0)
            throw new PostgresServerException($"A PostgreSQL database cannot be made in '{_folder}'.{LastWords(output)}");
    }

    private async Task OwnFolderAsync(CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        (int code, string output) = await RunAsync(["chown", "-R", SystemUser, _folder], cancellation);
        if (code != 0)
            throw new PostgresServerException($"PostgreSQL does not run as root, and '{_folder}' cannot be given to the user '{SystemUser}'.{LastWords(output)}");
    }

    private void KillServer()
    {
        // While the shell waits for it, the id is the server's and no other process can have it.
        if (!IsRunning || _serverId <= 0)
            return;
        try
        {
            using Process server = Process.GetProcessById(_serverId);
            server.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It had gone by itself.
        }
    }

    private async Task EndKeeperAsync()
    {
        await _keeper!.WaitForExitAsync();
        _keeper.Dispose();
        _keeper = null;
    }

    private async Task<string> ReadLogAsync(CancellationToken cancellation) =>
        File.Exists(Log) ? await File.ReadAllTextAsync(Log, cancellation) : "";

    private static string[] AsServerUser()
    {
        if (!Environment.IsPrivilegedProcess)
            return [];
        string setpriv = FindProgram("setpriv") ?? throw new PostgresServerException("PostgreSQL does not run as root, and there is no 'setpriv' (util-linux) to change the user.");
        return [setpriv, $"--reuid={SystemUser}", $"--regid={SystemUser}", "--init-groups", "--"];
    }

    private static async Task<(int Code, string Output)> RunAsync(string[] command, CancellationToken cancellation)
    {
        using Process process = Process.Start(Command(command))!;
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
        string output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, output + await errors);
    }

    private static ProcessStartInfo Command(string[] command)
    {
        // The root folder can be entered by every user; the current one perhaps not.
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    private static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>The folder of the program itself, where a distribution has put a link on the path.</summary>
    private static string ResolveFolder(string program) =>
        Path.GetDirectoryName(File.Exists(program) ? File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program : program)!;

    private static async Task WritePrivateAsync(string path, string text, CancellationToken cancellation)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using FileStream file = new(path, options);
        await using StreamWriter writer = new(file);
        await writer.WriteLineAsync(text.AsMemory(), cancellation);
    }

    private static string LastWords(string output)
    {
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "" : $" Its last words: {string.Join(" | ", lines.TakeLast(4))}";
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

/// <summary>The private database server does not run; the message says why.</summary>
internal sealed class PostgresServerException(string message) : Exception(message);
