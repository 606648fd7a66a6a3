using System.Collections.Immutable;
using System.Diagnostics;
using Astraea.Cli.Cluster;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Orleans.Contracts;
using Astraea.Grains.Orleans.Contracts.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Astraea.Bench.Cluster;

/// <summary>Thousands of live requests on one control process over PostgreSQL, run by simulated workers from another process.</summary>
internal static class LiveRequests
{
    private static readonly SegmentSpec s_spec = new(64, 0, false, new Sampling(), [], ToolMode.Auto, null, null, Foreground: false);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        int requests = arguments.Number("requests", 10_000), workers = arguments.Number("workers", 8), slots = arguments.Number("slots", 256);
        int reports = arguments.Number("reports", 4);
        string folder = Directory.CreateTempSubdirectory("astraea-bench-").FullName;
        await using TemporaryPostgres postgres = await TemporaryPostgres.StartAsync(CancellationToken.None);
        ClusterPlan plan = LocalCluster.NewPlan(arguments.Silo, folder, postgres.Server.ConnectionString(), new Dictionary<string, string>());
        await using LocalCluster cluster = await LocalCluster.StartAsync(plan, [new MemberPlan("control0", "gateway,control")], null, CancellationToken.None);
        using IHost outside = await StartClientAsync(plan);
        IGrainFactory grains = outside.Services.GetRequiredService<IGrainFactory>();
        GrainAgentRequests agents = new(grains);
        GrainClusterScheduler scheduler = new(grains, new PoolId("astraea-tiny"));
        using Process control = Process.GetProcessById(cluster["control0"].Id);

        double empty = Megabytes(control);
        RequestId[] ids = [.. Enumerable.Range(1, requests).Select(i => new RequestId((UInt128)i))];
        long from = Stopwatch.GetTimestamp();
        await EachAsync(ids, async id => await agents.Get(id).SubmitAsync(
            new RequestMessage.Submit(new TenantId("t"), new PoolId("astraea-tiny"), "", null, null, null, "hash", "[]", s_prompt, s_spec), default));
        double submit = Stopwatch.GetElapsedTime(from).TotalSeconds;
        ClusterView view = await scheduler.ViewAsync(default);
        Figures.Line($"{view.Requests.Length} live requests in one control process: accepted at {requests / submit:0}/s; its memory {Megabytes(control):0} MB, {empty:0} MB empty");

        using CancellationTokenSource stop = new();
        long calls = 0, ended = 0;
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        SimulatedWorker[] sims = [.. Enumerable.Range(0, workers).Select(i => new SimulatedWorker($"sim{i}", scheduler, slots, PlayAsync))];
        from = Stopwatch.GetTimestamp();
        Task[] running = [.. sims.Select(w => w.RunAsync(stop.Token))];
        await all.Task;
        double run = Stopwatch.GetElapsedTime(from).TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(running);
        HistoryPage[] pages = new HistoryPage[requests];
        await EachAsync(ids, async id => pages[(int)(uint)id.Value - 1] = await agents.Get(id).ReadAsync(0, 100, TimeSpan.Zero, default));
        Figures.Line($"{pages.Count(p => p.Phase == RequestPhase.Completed)} of {requests} completed, {requests / run:0}/s; {(double)calls / requests:0.0} calls a request for 1 start, {reports} reports and 1 end; its memory {Megabytes(control):0} MB");
        await outside.StopAsync();
        Directory.Delete(folder, recursive: true);
        return pages.All(p => p.Phase == RequestPhase.Completed) ? 0 : 1;

        async Task PlayAsync(Lease lease, CancellationToken cancellation)
        {
            IAgentRequest agent = agents.Get(lease.Attempt.Request);
            (int segment, int attempt) = (lease.Attempt.Segment, lease.Attempt.Attempt);
            if (await TellAsync(new RequestMessage.StartSegment(segment, attempt, new WorkerId("sim"), 1, 0, lease.Reason)) is not RequestReply.Started)
                return;
            for (int i = 0; i < reports; i++)
                await TellAsync(new RequestMessage.ReportTokens(segment, attempt, i, [i]));
            if (await TellAsync(new RequestMessage.EndSegment(segment, attempt, reports, [9], FinishReason.Stop, [], SegmentUsage.Zero, null)) is RequestReply.Done
                && Interlocked.Increment(ref ended) == requests)
                all.TrySetResult();

            async Task<RequestReply> TellAsync(RequestMessage message)
            {
                Interlocked.Increment(ref calls);
                return await agent.TellAsync(message, cancellation);
            }
        }
    }

    private static readonly ImmutableArray<int> s_prompt = [.. Enumerable.Range(0, 256)];

    private static Task EachAsync(RequestId[] ids, Func<RequestId, Task> act) =>
        Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (id, _) => await act(id));

    private static double Megabytes(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1048576.0;
    }

    private static async Task<IHost> StartClientAsync(ClusterPlan plan)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddAstraeaWire();
        builder.UseOrleansClient(client =>
        {
            client.UseAdoNetClustering(options =>
            {
                options.Invariant = "Npgsql";
                options.ConnectionString = plan.Postgres + ";Search Path=astraea";
            });
            client.Configure<ClusterOptions>(c =>
            {
                c.ClusterId = plan.Id;
                c.ServiceId = "astraea";
            });
        });
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
