using System.Diagnostics;
using Astraea.Cli.Cluster;
using Astraea.Client;
using Astraea.Cluster.Soak.Checks;
using Astraea.Cluster.Soak.Load;

namespace Astraea.Cluster.Soak.Faults;

/// <summary>A cluster under load, and what is done to it.</summary>
/// <param name="SiloPath">The silo's dll.</param>
/// <param name="Members">Processes of the cluster.</param>
/// <param name="Settings">Settings of every process.</param>
/// <param name="Seed">Seed of the load.</param>
/// <param name="Live">Agents kept alive.</param>
/// <param name="Print">Hears how it goes.</param>
internal sealed record FaultRunOptions(
    string SiloPath, IReadOnlyList<MemberPlan> Members, IReadOnlyDictionary<string, string> Settings, ulong Seed, int Live, Action<string> Print)
{
    /// <summary>Tool times are multiplied by this. Default 1.</summary>
    public double ToolWaits { get; init; } = 1;

    /// <summary>Two processes that are gateway and control, one gateway of its own, two workers.</summary>
    public static IReadOnlyList<MemberPlan> FiveProcesses { get; } =
    [
        new("control0", "gateway,control"), new("control1", "gateway,control"), new("gateway0", "gateway"), new("worker0", "worker"), new("worker1", "worker"),
    ];

    /// <summary>Small pools, so that faults meet swapped and preempted requests, and one thread each.</summary>
    public static IReadOnlyDictionary<string, string> UsualSettings { get; } = new Dictionary<string, string>
    {
        ["Worker:Threads"] = "1", ["Worker:DeviceBlocks"] = "384", ["Worker:HostBlocks"] = "1024", ["Worker:DrainSeconds"] = "5",
        ["Gateway:DrainSeconds"] = "1", ["Gateway:LingerSeconds"] = "1", ["Cluster:DrainSeconds"] = "20",
    };
}

/// <summary>Runs a load on a cluster of processes while faults are done to it, then checks everything against an undisturbed node.</summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private static readonly TimeSpan s_wholeLimit = TimeSpan.FromSeconds(90);
    private readonly FaultRunOptions _options;
    private readonly string _folder;
    private readonly TemporaryPostgres _postgres;
    private readonly List<FaultRecord> _faults = [];
    private readonly long _started = Stopwatch.GetTimestamp();

    private FaultRun(FaultRunOptions options, string folder, TemporaryPostgres postgres, LocalCluster cluster, LogWatch log, LoadRun load)
    {
        _options = options;
        _folder = folder;
        _postgres = postgres;
        Cluster = cluster;
        Log = log;
        Load = load;
        Membership = new MembershipWatch(postgres.Server.ConnectionString(), cluster.Plan.Id);
    }

    public LocalCluster Cluster { get; }

    public LogWatch Log { get; }

    public LoadRun Load { get; }

    public MembershipWatch Membership { get; }

    public PostgresServer Postgres => _postgres.Server;

    public IReadOnlyList<FaultRecord> Faults => _faults;

    public string LogFolder => _folder;

    /// <summary>Starts database and cluster; the load begins with <see cref="LoadRun.Keep"/>.</summary>
    public static async Task<FaultRun> StartAsync(FaultRunOptions options)
    {
        string folder = Directory.CreateTempSubdirectory("astraea-faults-").FullName;
        TemporaryPostgres postgres = await TemporaryPostgres.StartAsync(CancellationToken.None);
        LogWatch log = new();
        ClusterPlan plan = LocalCluster.NewPlan(options.SiloPath, folder, postgres.Server.ConnectionString(), options.Settings);
        try
        {
            LocalCluster cluster = await LocalCluster.StartAsync(plan, options.Members, log.Take, CancellationToken.None);
            string model = await ModelAsync(cluster.Gateways[0], plan.ApiKey);
            return new FaultRun(options, folder, postgres, cluster, log, new LoadRun(new Gateways(() => cluster.Gateways, plan.ApiKey), model, options.Seed));
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says something, with the time since the start.</summary>
    public void Print(string text) => _options.Print($"{Stopwatch.GetElapsedTime(_started).TotalSeconds,6:0.0} s  {text}");

    /// <summary>Waits until so many agents live and many streams have spoken.</summary>
    public async Task WarmUpAsync()
    {
        Load.Keep(_options.Live, _options.ToolWaits);
        while (Load.Live < _options.Live || Load.Output.Count < _options.Live * 4)
            await Task.Delay(100);
        Print($"{Load.Live} agents live, {Load.Ended} ended");
    }

    /// <summary>Kills a process and waits until the cluster has noticed and agents hear something again.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="why">More about it, for the report.</param>
    /// <param name="again">Whether it is started again; then until all is as before.</param>
    public async Task KillAsync(string name, string why, bool again = true)
    {
        SiloProcess victim = Cluster[name];
        FaultRecord fault = Begin($"kill -9 {name} ({victim.Plan.Roles}{why})");
        await victim.KillAsync();
        await UntilAsync(fault, () => (fault.DeadAt = Membership.DeadSince(victim.SiloPort)) is not null, "the membership does not say that it is dead");
        if (again)
        {
            await Cluster.StartMemberAsync(victim.Plan, CancellationToken.None);
            await UntilWholeAsync(fault);
            return;
        }
        await UntilAsync(fault, () => Load.Output.LastOrDefault() > fault.DeadAt, "nobody hears anything any more");
        Print($"  noticed after {(fault.DeadAt!.Value - fault.At).TotalSeconds:0.0} s");
    }

    /// <summary>Starts one more process.</summary>
    public Task JoinAsync(MemberPlan member)
    {
        Print($"{member.Name} ({member.Roles}) joins");
        return Cluster.StartMemberAsync(member, CancellationToken.None);
    }

    /// <summary>Asks a process to end, waits for it, starts it again, and waits until all is as before.</summary>
    public async Task RestartAsync(string name)
    {
        SiloProcess member = Cluster[name];
        FaultRecord fault = Begin($"SIGTERM {name} ({member.Plan.Roles})");
        fault.ExitCode = await member.TerminateAsync(TimeSpan.FromSeconds(60));
        if (fault.ExitCode != 0)
            fault.Problem = fault.ExitCode is { } code ? $"exit code {code}" : "it did not end within 60 s";
        Print($"  ended {(DateTimeOffset.UtcNow - fault.At).TotalSeconds:0.0} s after the signal with {fault.ExitCode?.ToString() ?? "kill -9"}");
        await Cluster.StartMemberAsync(member.Plan, CancellationToken.None);
        await UntilWholeAsync(fault);
    }

    /// <summary>Stops a process where it is for a while, without its knowledge.</summary>
    public async Task FreezeAsync(string name, TimeSpan duration)
    {
        SiloProcess member = Cluster[name];
        FaultRecord fault = Begin($"SIGSTOP {name} ({member.Plan.Roles}) for {duration.TotalSeconds:0} s");
        member.Suspend();
        await Task.Delay(duration);
        fault.DeadAt = Membership.DeadSince(member.SiloPort);
        member.Resume();
        // Declared dead meanwhile, it finds that out and ends by itself; it is started again as an orchestrator would.
        if (fault.DeadAt is not null)
        {
            await UntilAsync(fault, () => !member.IsRunning, "it was declared dead and goes on running");
            await Cluster.StartMemberAsync(member.Plan, CancellationToken.None);
        }
        await UntilWholeAsync(fault);
    }

    /// <summary>The database is away for a while.</summary>
    public async Task StopDatabaseAsync(TimeSpan duration)
    {
        FaultRecord fault = Begin($"PostgreSQL away for {duration.TotalSeconds:0} s");
        await Postgres.KillAsync();
        await Task.Delay(duration);
        await Postgres.RestartAsync(CancellationToken.None);
        foreach (SiloProcess gone in Cluster.Members.Where(m => !m.IsRunning).ToArray())
        {
            Print($"  {gone.Plan.Name} ended meanwhile");
            await Cluster.StartMemberAsync(gone.Plan, CancellationToken.None);
        }
        await UntilWholeAsync(fault);
    }

    /// <summary>All processes are killed at once and started again.</summary>
    public async Task KillAllAsync()
    {
        FaultRecord fault = Begin("kill -9 of every process");
        await Task.WhenAll(Cluster.Members.Select(m => m.KillAsync()));
        await Task.WhenAll(_options.Members.Select(m => Cluster.StartMemberAsync(m, CancellationToken.None)));
        await UntilWholeAsync(fault);
    }

    public async ValueTask DisposeAsync()
    {
        Load.Dispose();
        await Membership.DisposeAsync();
        await Cluster.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    private FaultRecord Begin(string name)
    {
        FaultRecord fault = new(name, DateTimeOffset.UtcNow, Load.Live);
        _faults.Add(fault);
        Print($"{name}; {fault.Live} agents live, {Load.Ended} ended");
        return fault;
    }

    private async Task UntilWholeAsync(FaultRecord fault)
    {
        int workers = Cluster.RunningWorkers;
        DateTimeOffset from = DateTimeOffset.UtcNow;
        await UntilAsync(fault, async () =>
        {
            try
            {
                using AstraeaClient client = new(new AstraeaClientOptions { Endpoint = Cluster.Gateways[^1], ApiKey = Cluster.Plan.ApiKey, RetryFor = TimeSpan.Zero });
                using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
                return (await client.GetClusterAsync(limit.Token)).Workers.Length >= workers && Load.Output.LastOrDefault() > from;
            }
            catch (Exception e) when (e is AstraeaException or OperationCanceledException)
            {
                return false;
            }
        }, "the cluster does not become whole again");
        fault.WholeAt = DateTimeOffset.UtcNow;
        Print($"  whole again after {(fault.WholeAt.Value - fault.At).TotalSeconds:0.0} s");
    }

    private static Task UntilAsync(FaultRecord fault, Func<bool> so, string otherwise) => UntilAsync(fault, () => Task.FromResult(so()), otherwise);

    private static async Task UntilAsync(FaultRecord fault, Func<Task<bool>> so, string otherwise)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await so())
        {
            if (Stopwatch.GetElapsedTime(started) > s_wholeLimit)
            {
                fault.Problem = otherwise;
                throw new FaultRunException($"{fault.Name}: {otherwise} within {s_wholeLimit.TotalSeconds:0} s");
            }
            await Task.Delay(50);
        }
    }

    private static async Task<string> ModelAsync(Uri gateway, string apiKey)
    {
        using AstraeaClient client = new(gateway, apiKey);
        return (await client.GetModelsAsync()).Data[0].Id;
    }
}

/// <summary>The run cannot go on.</summary>
internal sealed class FaultRunException(string message) : Exception(message);
