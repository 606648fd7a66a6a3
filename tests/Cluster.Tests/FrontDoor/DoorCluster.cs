using Astraea.Client.Agents;
using Astraea.Client.Orleans;
using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Contracts.Transfer;
using Astraea.Core.Scheduling;
using Astraea.Gateway;
using Astraea.Gateway.Tests.Fakes;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Astraea.Grains.Orleans;
using Astraea.Grains.Orleans.Contracts;
using Astraea.Silo.Orleans;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace Astraea.Cluster.Tests.FrontDoor;

/// <summary>One control silo and gateway silos, an Orleans client outside of them, and a worker. The worker sits outside too: no silo's end is its end.</summary>
internal sealed class DoorCluster : IAsyncDisposable
{
    public const string AlphaKey = GatewayHost.AlphaKey;
    public const string BetaKey = GatewayHost.BetaKey;

    private readonly InProcessTestCluster _cluster;

    private DoorCluster(InProcessTestCluster cluster)
    {
        _cluster = cluster;
        Pen = new Pen(new GrainClusterScheduler(cluster.Client, Pen.Pool), new GrainAgentRequests(cluster.Client));
    }

    public Pen Pen { get; }

    /// <summary>Agent requests, as a gateway's HTTP surface would reach them.</summary>
    public IAgentRequests Requests => new GrainAgentRequests(_cluster.Client);

    public IClusterScheduler Scheduler => new GrainClusterScheduler(_cluster.Client, Pen.Pool);

    /// <summary>The client that <c>AddAstraeaClient</c> registered; of tenant alpha.</summary>
    public IAgentClient Client => _cluster.Client.ServiceProvider.GetRequiredService<IAgentClient>();

    public InProcessTestCluster Silos => _cluster;

    /// <summary>The client inside a silo.</summary>
    public IAgentClient ClientIn(InProcessSiloHandle silo) => _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IAgentClient>();

    public InProcessSiloHandle Control => _cluster.Silos.Single(s => s.Name.EndsWith('0'));

    public InProcessSiloHandle FirstGateway => _cluster.Silos.Single(s => s.Name.EndsWith('1'));

    public FrontDoors DoorsOf(string key, TimeSpan? retryFor = null) =>
        new(_cluster.Client, Options(key) is var options && retryFor is { } patience ? options with { RetryFor = patience } : options);

    public IAgentClient ClientOf(string key) => new OrleansAgentClient(DoorsOf(key));

    public static async Task<DoorCluster> StartAsync(int gateways = 1)
    {
        InMemoryHistoryStore store = new();
        InProcessTestClusterBuilder builder = new((short)(1 + gateways));
        builder.ConfigureSiloHost((_, host) => host.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Astraea:Gateway:ApiKeys:0:Tenant"] = "alpha",
            ["Astraea:Gateway:ApiKeys:0:Key"] = AlphaKey,
            ["Astraea:Gateway:ApiKeys:1:Tenant"] = "beta",
            ["Astraea:Gateway:ApiKeys:1:Key"] = BetaKey,
            ["Astraea:Gateway:DrainSeconds"] = "0",
        }));
        builder.ConfigureSilo((options, silo) =>
        {
            bool isControl = options.SiloName.EndsWith('0');
            silo.Services.AddSingleton<IHistoryStore>(store);
            silo.Services.AddSingleton<ISchedulerEpochs>(store);
            silo.Services.AddSingleton(SchedulingPolicies.Create("astraea"));
            silo.Services.AddSingleton(new TicketSigner(new byte[32]));
            silo.Services.AddSingleton(new ShellOptions { SweepEvery = TimeSpan.FromMilliseconds(200) });
            silo.Configure<ClusterMembershipOptions>(m => (m.ProbeTimeout, m.NumMissedProbesLimit) = (TimeSpan.FromSeconds(1), 2));
            silo.AddAstraeaGrains(Pen.Pool, isControl);
            silo.Services.AddSingleton<IModelText>(new LetterText());
            silo.Services.AddAstraeaGateway();
            silo.Services.AddAstraeaClient(Options(AlphaKey));
            if (isControl)
                silo.Services.Configure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Assembly == typeof(ClusterSilo).Assembly));
        });
        builder.ConfigureClient(client => client.AddAstraeaClient(Options(AlphaKey)));
        InProcessTestCluster silos = builder.Build();
        await silos.DeployAsync();
        DoorCluster cluster = new(silos);
        cluster.Pen.Start();
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        await Pen.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private static OrleansClientOptions Options(string key) => new() { ApiKey = key };
}
