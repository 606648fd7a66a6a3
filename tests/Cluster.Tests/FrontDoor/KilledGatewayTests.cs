using System.Diagnostics;
using Astraea.Cli.Cluster;
using Astraea.Client.Agents;
using Astraea.Client.Orleans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit.Abstractions;

namespace Astraea.Cluster.Tests.FrontDoor;

/// <summary>Real processes and a real database: an Orleans client outside reads on while one of two gateways is killed.</summary>
public sealed class KilledGatewayTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Runs = 16;

    private readonly string _folder = Directory.CreateTempSubdirectory("astraea-killed-").FullName;
    private TemporaryPostgres _postgres = null!;
    private LocalCluster _cluster = null!;
    private IHost _host = null!;

    public async Task InitializeAsync()
    {
        _postgres = await TemporaryPostgres.StartAsync(CancellationToken.None);
        ClusterPlan plan = LocalCluster.NewPlan(
            Path.Combine(AppContext.BaseDirectory, "astraea-silo.dll"), _folder, _postgres.Server.ConnectionString(), new Dictionary<string, string>
            {
                ["Worker:Threads"] = "1",
                ["Cluster:ProbeSeconds"] = "2",
                ["Cluster:MissedProbes"] = "2",
            });
        _cluster = await LocalCluster.StartAsync(plan, MemberPlan.Of(silos: 3, controls: 2), null, CancellationToken.None);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddAstraeaClient(new OrleansClientOptions
        {
            ClusterId = plan.Id, Postgres = plan.Postgres, ApiKey = plan.ApiKey, RetryFor = TimeSpan.FromMinutes(2),
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Every_stream_comes_whole_through_the_kill_of_a_gateway()
    {
        IAgentClient client = _host.Services.GetRequiredService<IAgentClient>();
        TaskCompletionSource streaming = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<(IAgentRun Run, List<AgentUpdate> Updates)>[] reads = [.. Enumerable.Range(0, Runs).Select(ReadAsync)];
        await streaming.Task;

        await _cluster["control1"].KillAsync();
        Assert.Contains(reads, read => !read.IsCompleted);
        long killed = Stopwatch.GetTimestamp();

        foreach ((IAgentRun run, List<AgentUpdate> updates) in await Task.WhenAll(reads))
        {
            AgentUpdate.Finished end = Assert.IsType<AgentUpdate.Finished>(updates[^1]);
            Assert.Null(end.Error);
            Assert.Equal(Enumerable.Range(0, updates.Count).Select(i => (long)i), updates.Select(u => u.Position));
            Assert.Equal(end.Text, string.Concat(updates.OfType<AgentUpdate.TextAdded>().Select(t => t.Text)));
            Assert.Equal(end.Text, (await run.FinishAsync()).Text);
        }
        output.WriteLine($"All {Runs} streams had ended {Stopwatch.GetElapsedTime(killed).TotalSeconds:F1} s after the kill.");

        async Task<(IAgentRun, List<AgentUpdate>)> ReadAsync(int i)
        {
            IAgentRun run = await client.SubmitAsync(new AgentTask($"Tell story {i}.") { MaxOutputTokens = 400, Seed = i }, $"story-{i}");
            List<AgentUpdate> updates = [];
            await foreach (AgentUpdate update in run.ReadAsync())
            {
                updates.Add(update);
                if (updates.Count > 2)
                    streaming.TrySetResult();
            }
            return (run, updates);
        }
    }
}
