using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Astraea.Client;
using Astraea.Core.Scheduling;

namespace Astraea.Cli.Cluster;

/// <summary>A cluster of several silos on this machine, each a child process. Disposing ends them all at once.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, SiloProcess> _members = new();

    private LocalCluster(ClusterPlan plan) => Plan = plan;

    /// <summary>What its processes have in common.</summary>
    public ClusterPlan Plan { get; }

    /// <summary>Processes that were started, by name; a restarted one stands in the place of the one before.</summary>
    public IEnumerable<SiloProcess> Members => _members.Values.OrderBy(static m => m.Plan.Name, StringComparer.Ordinal);

    /// <summary>Where clients find those that are up.</summary>
    public IReadOnlyList<Uri> Gateways => [.. Members.Where(static m => m.Plan.IsGateway && m.IsRunning).Select(static m => m.Endpoint)];

    /// <summary>Processes that are up and compute.</summary>
    public int RunningWorkers => _members.Values.Count(static m => m.Plan.IsWorker && m.IsRunning);

    /// <summary>Whether all of them are there.</summary>
    public bool IsRunning => _members.Values.All(static m => m.IsRunning);

    /// <summary>Hears every line of every process.</summary>
    public event Action<ProcessLine>? Wrote;

    /// <summary>A fresh name and key for a cluster.</summary>
    public static ClusterPlan NewPlan(string siloPath, string folder, string postgres, IReadOnlyDictionary<string, string> settings)
    {
        string name = RandomNumberGenerator.GetHexString(8, lowercase: true);
        return new ClusterPlan(
            siloPath, folder, $"local-{name}", postgres, $"local-{name}", "sk-local-" + RandomNumberGenerator.GetHexString(32, lowercase: true), settings);
    }

    /// <summary>Starts the processes and waits until requests would be served.</summary>
    /// <param name="plan">What they share.</param>
    /// <param name="members">What they are.</param>
    /// <param name="wrote">Hears every line from the first on; may be null.</param>
    /// <param name="cancellation">Gives up, and ends what was started.</param>
    /// <exception cref="ClusterException">One did not start, or the cluster did not become ready; the message carries the last lines.</exception>
    public static async Task<LocalCluster> StartAsync(ClusterPlan plan, IReadOnlyList<MemberPlan> members, Action<ProcessLine>? wrote, CancellationToken cancellation)
    {
        LocalCluster cluster = new(plan);
        cluster.Wrote += wrote;
        try
        {
            // The first makes what the others find: tables, secret, certificate authority.
            MemberPlan first = members.First(static m => m.IsControl);
            await cluster.StartMemberAsync(first, cancellation);
            await Task.WhenAll(members.Where(m => m != first).Select(m => cluster.StartMemberAsync(m, cancellation)));
            await cluster.WaitUntilReadyAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The process of a name.</summary>
    public SiloProcess this[string name] => _members[name];

    /// <summary>Starts a process, again if it was there before.</summary>
    public async Task<SiloProcess> StartMemberAsync(MemberPlan member, CancellationToken cancellation)
    {
        if (_members.TryRemove(member.Name, out SiloProcess? former))
            await former.DisposeAsync();
        return _members[member.Name] = await SiloProcess.StartAsync(Plan, member, line => Wrote?.Invoke(line), cancellation);
    }

    /// <summary>Waits until a gateway sees as many workers as there are worker processes.</summary>
    /// <returns>The cluster as it is seen then.</returns>
    public async Task<ClusterView> WaitUntilReadyAsync(CancellationToken cancellation)
    {
        int expected = RunningWorkers;
        long started = Stopwatch.GetTimestamp();
        string missing = "no gateway answers";
        using AstraeaClient client = new(new AstraeaClientOptions { Endpoint = Gateways[0], ApiKey = Plan.ApiKey, RetryFor = TimeSpan.Zero });
        while (Stopwatch.GetElapsedTime(started) < s_readyLimit)
        {
            try
            {
                ClusterView view = await client.GetClusterAsync(cancellation);
                if (view.Workers.Length >= expected)
                    return view;
                missing = $"{view.Workers.Length} of {expected} workers have reported";
            }
            catch (AstraeaException e)
            {
                missing = e.Message;
            }
            await Task.Delay(s_lookEvery, cancellation);
        }
        throw new ClusterException($"The cluster was not ready within {s_readyLimit.TotalSeconds:0} s: {missing}.{LastLines()}");
    }

    /// <summary>Waits until a process has ended that nobody stopped.</summary>
    public async Task WaitForEndOfOneAsync(CancellationToken cancellation)
    {
        while (IsRunning)
            await Task.Delay(s_lookEvery, cancellation);
    }

    /// <summary>Stops all in order: first those that compute, so that they can give their segments back.</summary>
    /// <param name="limit">What has not ended by then is killed.</param>
    /// <returns>Whether all ended by themselves, with exit code 0.</returns>
    public async Task<bool> StopAsync(TimeSpan limit)
    {
        bool clean = true;
        foreach (IGrouping<bool, SiloProcess> group in Members.GroupBy(static m => m.Plan.IsControl).OrderBy(static g => g.Key))
            clean &= (await Task.WhenAll(group.Select(m => m.TerminateAsync(limit)))).All(static code => code == 0);
        return clean;
    }

    /// <summary>The last lines of all, to explain a failure.</summary>
    public string LastLines() => string.Concat(Members.Select(static m => m.LastLines()));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_members.Values.Select(static m => m.DisposeAsync().AsTask()));
}
