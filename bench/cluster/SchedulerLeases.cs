using System.Diagnostics;
using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Astraea.Grains.Orleans;
using Astraea.Grains.Orleans.Contracts;
using Astraea.Grains.Orleans.Contracts.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Astraea.Bench.Cluster;

/// <summary>How many leases one scheduler grain gives in a second: full cycles, each a picture "ready", a lease, a picture "running", and the next "ready".</summary>
internal static class SchedulerLeases
{
    private static readonly PoolId s_pool = new("bench");

    public static async Task<int> RunAsync(Arguments arguments)
    {
        int ready = arguments.Number("ready", 20000), workers = arguments.Number("workers", 8), slots = arguments.Number("slots", 256);
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Number("seconds", 10));
        using IHost silo = await StartSiloAsync();
        using IHost outside = await StartClientAsync();
        Figures.Line($"one scheduler grain, {ready} requests, {workers} workers of {slots} slots, {duration.TotalSeconds:0} s each");
        await MeasureAsync("in its own silo", silo.Services.GetRequiredService<IClusterScheduler>(), 1, ready, workers, slots, duration);
        IGrainFactory grains = outside.Services.GetRequiredService<IGrainFactory>();
        await MeasureAsync("over TCP from another host", new GrainClusterScheduler(grains, s_pool), 1 << 24, ready, workers, slots, duration);
        await outside.StopAsync();
        await silo.StopAsync();
        return 0;
    }

    private static async Task MeasureAsync(string where, IClusterScheduler scheduler, int firstId, int ready, int workers, int slots, TimeSpan duration)
    {
        Cycle[] cycles = [.. Enumerable.Range(0, ready).Select(i => new Cycle(new RequestId((UInt128)(uint)(firstId + i))))];
        await Parallel.ForEachAsync(cycles, async (cycle, c) => await scheduler.TellAsync(cycle.Ready(), c));
        using CancellationTokenSource stop = new();
        SimulatedWorker[] all = [.. Enumerable.Range(0, workers).Select(i => new SimulatedWorker(
            $"{firstId}-{i}", scheduler, slots,
            async (lease, c) =>
            {
                Cycle cycle = cycles[(int)(uint)lease.Attempt.Request.Value - firstId];
                await scheduler.TellAsync(cycle.Running(lease.Attempt.Attempt, $"{firstId}-{i}"), c);
                await scheduler.TellAsync(cycle.Ready(), c);
            }))];
        Task[] running = [.. all.Select(w => w.RunAsync(stop.Token))];
        await Task.Delay(TimeSpan.FromSeconds(2));
        long leases = all.Sum(w => w.Leases), pulls = all.Sum(w => w.Pulls), from = Stopwatch.GetTimestamp();
        await Task.Delay(duration);
        double seconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
        Figures.Line($"{where}: {(all.Sum(w => w.Leases) - leases) / seconds:0} leases/s, {(all.Sum(w => w.Pulls) - pulls) / seconds:0} pulls/s");
        await stop.CancelAsync();
        await Task.WhenAll(running);
        await Parallel.ForEachAsync(cycles, async (cycle, c) => await scheduler.TellAsync(cycle.Ended(), c));
    }

    private static async Task<IHost> StartSiloAsync()
    {
        InMemoryHistoryStore store = new();
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton<IHistoryStore>(store);
        builder.Services.AddSingleton<ISchedulerEpochs>(store);
        builder.Services.AddSingleton(SchedulingPolicies.Create("astraea"));
        builder.Services.AddSingleton(new TicketSigner(new byte[32]));
        builder.UseOrleans(silo => silo.UseLocalhostClustering(21111, 23000).Configure<ClusterOptions>(Name).AddAstraeaGrains(s_pool, isControl: true));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static void Name(ClusterOptions cluster) => (cluster.ClusterId, cluster.ServiceId) = ("bench", "bench");

    private static async Task<IHost> StartClientAsync()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddAstraeaWire();
        builder.UseOrleansClient(client => client.UseLocalhostClustering(23000).Configure<ClusterOptions>(Name));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>One request that is ready again as soon as it has run.</summary>
    private sealed class Cycle(RequestId id)
    {
        private static readonly TenantId s_tenant = new("t");
        private long _version;
        private int _segment = -1, _attempt;

        public RequestStatus Ready()
        {
            _segment++;
            return Picture(RequestPhase.Ready, null);
        }

        public RequestStatus Running(int attempt, string worker)
        {
            _attempt = attempt;
            return Picture(RequestPhase.Running, new WorkerId(worker));
        }

        public RequestStatus Ended() => Picture(RequestPhase.Completed, null);

        private RequestStatus Picture(RequestPhase phase, WorkerId? worker)
        {
            Instant now = Instant.From(DateTimeOffset.UtcNow);
            return new RequestStatus(
                id, ++_version, s_pool, s_tenant, "", phase, now, now, _segment, _attempt, worker, 1000, 0, 0, 64, TimeSpan.Zero, 0, -1, null, null, []);
        }
    }
}
