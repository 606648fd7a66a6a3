using System.Globalization;
using Astraea.Cli.Demo;
using Astraea.Cli.Demo.Replay;

namespace Astraea.Cli.Cluster;

/// <summary>What clusters of one run stand on: a database and a folder. Disposing removes what was made.</summary>
internal sealed class ClusterGround : IAsyncDisposable
{
    private readonly string _siloPath, _folder, _postgres;
    private readonly IReadOnlyList<MemberPlan> _members;
    private readonly TextWriter _console;
    private readonly TemporaryPostgres? _server;
    private int _started;

    private ClusterGround(string siloPath, IReadOnlyList<MemberPlan> members, string folder, string postgres, TemporaryPostgres? server, TextWriter console)
    {
        _siloPath = siloPath;
        _members = members;
        _folder = folder;
        _postgres = postgres;
        _server = server;
        _console = console;
    }

    /// <summary>Takes the database that is named, or starts one.</summary>
    /// <exception cref="PostgresServerException">There is no PostgreSQL, or it does not start.</exception>
    public static async Task<ClusterGround> PrepareAsync(
        string siloPath, IReadOnlyList<MemberPlan> members, string? postgres, TextWriter console, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("astraea-cluster-").FullName;
        try
        {
            if (postgres is not null)
                return new ClusterGround(siloPath, members, folder, postgres, null, console);
            TemporaryPostgres server = await TemporaryPostgres.StartAsync(cancellation);
            console.WriteLine($"PostgreSQL listens on 127.0.0.1:{server.Server.Port}.");
            return new ClusterGround(siloPath, members, folder, server.Server.ConnectionString(), server, console);
        }
        catch
        {
            TemporaryFolder.Delete(folder);
            throw;
        }
    }

    /// <summary>A fresh cluster for one replay.</summary>
    public async Task<IReplayTarget> StartAsync(NodeOptions options, CancellationToken cancellation)
    {
        Dictionary<string, string> settings = new() { ["Scheduler:Policy"] = options.Policy, ["Worker:Threads"] = "1" };
        if (options.DeviceBlocks is { } device)
            settings["Worker:DeviceBlocks"] = device.ToString(CultureInfo.InvariantCulture);
        if (options.HostBlocks is { } host)
            settings["Worker:HostBlocks"] = host.ToString(CultureInfo.InvariantCulture);
        try
        {
            LocalCluster cluster = await StartClusterAsync(settings, cancellation);
            if (_started == 1)
                Show(cluster);
            return new ClusterTarget(cluster);
        }
        catch (ClusterException e)
        {
            throw new DemoException(e.Message, e);
        }
    }

    /// <summary>A fresh cluster: another name, another tenant, so that nothing of an earlier one is in its way.</summary>
    public Task<LocalCluster> StartClusterAsync(IReadOnlyDictionary<string, string> settings, CancellationToken cancellation)
    {
        string folder = Path.Combine(_folder, $"{++_started}");
        Directory.CreateDirectory(folder);
        return LocalCluster.StartAsync(LocalCluster.NewPlan(_siloPath, folder, _postgres, settings), _members, null, cancellation);
    }

    /// <summary>Says who is where.</summary>
    public void Show(LocalCluster cluster)
    {
        _console.WriteLine($"Cluster {cluster.Plan.Id}, logs in {cluster.Plan.Folder}:");
        foreach (SiloProcess member in cluster.Members)
            _console.WriteLine($"  {member.Plan.Name}: {member.Plan.Roles}; process {member.Id}, silo port {member.SiloPort}, HTTP {member.Endpoint.GetLeftPart(UriPartial.Authority)}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        TemporaryFolder.Delete(_folder);
    }

    /// <summary>The cluster of one replay.</summary>
    private sealed class ClusterTarget(LocalCluster cluster) : IReplayTarget
    {
        public IReadOnlyList<Uri> Endpoints => cluster.Gateways;

        public string ApiKey => cluster.Plan.ApiKey;

        public bool IsRunning => cluster.IsRunning;

        public string LastLines() => cluster.LastLines();

        public ValueTask DisposeAsync() => cluster.DisposeAsync();
    }
}
