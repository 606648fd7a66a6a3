using System.Globalization;
using System.Net;
using Astraea.Contracts.Text;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Gateway;
using Astraea.Gateway.Health;
using Astraea.Grains.Driver;
using Astraea.Silo.Options;
using Astraea.Silo.Orleans;
using Astraea.Silo.Security;
using Astraea.Silo.Storage.Postgres;
using Astraea.Worker.Engine;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Composition;

/// <summary>One process of a cluster: an Orleans silo with the roles it was given, histories and membership on PostgreSQL.</summary>
internal static class ClusterNode
{
    /// <summary>Builds the process; nothing listens yet, but the database has been reached and has its tables.</summary>
    /// <exception cref="NodeConfigurationException">A setting does not work; the message names it.</exception>
    /// <exception cref="HistoryUnavailableException">The database does not answer.</exception>
    public static async Task<WebApplication> BuildAsync(WebApplicationBuilder builder, NodeSettings settings)
    {
        IServiceCollection services = builder.Services;
        builder.AddNodeBasics(settings);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Polly", LogLevel.Warning);
        // It warns at every start that the garbage collector is not the server's, which is what a worker with its own threads wants.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        string data = settings.DataDirectory;
        string postgres = ReadPostgres(builder.Configuration);
        ClusterTrust trust = ClusterTrust.Open(
            NodeSettings.Section<ClusterSecurityOptions>(builder.Configuration, ClusterSecurityOptions.Section), data, settings.Cluster.EffectiveName,
            TimeProvider.System);
        ServedModel model = ServedModel.Load(
            NodeSettings.Section<ModelOptions>(builder.Configuration, ModelOptions.Section), data,
            settings.Is(NodeRoles.Worker) ? NodeSettings.Section<WorkerOptions>(builder.Configuration, WorkerPoolOptions.Section).Weights : null);
        PoolId pool = new(model.Text.Model);

        services.AddSingleton(model);
        services.AddSingleton<IModelText>(model.Text);
        services.AddSingleton(trust);
        services.AddSingleton(new TicketSigner(trust.Secret));
        // Every role opens the store once: whoever comes first makes the tables, those of membership too.
        PostgresHistoryStore store = await PostgresHistoryStore.OpenAsync(new PostgresHistoryOptions { ConnectionString = postgres });
        if (settings.Is(NodeRoles.Control))
            AddStore(services, store, pool);
        else
            await store.DisposeAsync();
        builder.AddAstraeaSilo(Member(settings, builder.Configuration, postgres, pool));
        if (settings.Is(NodeRoles.Worker))
            services.AddWorkers();
        if (settings.Is(NodeRoles.Gateway))
            AddGateway(builder, settings);
        else
            services.AddAstraeaHealth();

        WebApplication app = builder.Build();
        if (settings.Is(NodeRoles.Gateway))
            app.MapAstraeaGateway();
        else
            app.MapAstraeaHealth();
        return app;
    }

    // A key that one process mints for itself opens no other: in a cluster keys are configured.
    private static void AddGateway(WebApplicationBuilder builder, NodeSettings settings)
    {
        if (!builder.Configuration.GetSection($"{GatewayOptions.Section}:ApiKeys").GetChildren().Any())
            throw new NodeConfigurationException($"{GatewayOptions.Section}:ApiKeys names no key; all gateways of a cluster need the same ones.");
        // A request whose silo has died is away until the others have noticed, and somewhat longer.
        double noticed = settings.Cluster.ProbeSeconds * (settings.Cluster.MissedProbes + 1);
        builder.Configuration[$"{GatewayOptions.Section}:{nameof(GatewayOptions.UnavailableAcceptMs)}"] ??= ((int)(1000 * (noticed + 10))).ToString(CultureInfo.InvariantCulture);
        builder.Services.AddAstraeaGateway();
    }

    private static void AddStore(IServiceCollection services, PostgresHistoryStore store, PoolId pool)
    {
        services.AddSingleton<IReadiness>(_ => new StoreReadiness(store, pool));
        // By factory, so that the container closes it.
        services.AddSingleton(_ => store);
        services.AddSingleton<IHistoryStore>(s => s.GetRequiredService<PostgresHistoryStore>());
        services.AddSingleton<ISchedulerEpochs>(s => s.GetRequiredService<PostgresHistoryStore>());
    }

    private static ClusterSiloSettings Member(NodeSettings settings, ConfigurationManager configuration, string postgres, PoolId pool)
    {
        ClusterOptions cluster = settings.Cluster;
        Dictionary<string, string> metadata = new()
        {
            ["astraea.roles"] = settings.Roles.ToString(),
            ["astraea.pool"] = pool.Value,
        };
        if (settings.Is(NodeRoles.Worker))
        {
            int workers = NodeSettings.Section<WorkerPoolOptions>(configuration, WorkerPoolOptions.Section).Count;
            metadata["astraea.workers"] = string.Join(',', Enumerable.Range(0, workers).Select(settings.WorkerName));
        }
        return new ClusterSiloSettings
        {
            ClusterId = cluster.Id,
            Name = cluster.EffectiveName,
            Postgres = PostgresMembership.ConnectionString(postgres),
            Pool = pool,
            IsControl = settings.Is(NodeRoles.Control),
            IsGateway = settings.Is(NodeRoles.Gateway),
            Address = IPAddress.Parse(cluster.AdvertisedAddress),
            SiloPort = cluster.SiloPort,
            GatewayPort = cluster.GatewayPort,
            ProbeSeconds = cluster.ProbeSeconds,
            MissedProbes = cluster.MissedProbes,
            Metadata = metadata,
        };
    }

    private static string ReadPostgres(ConfigurationManager configuration)
    {
        StorageOptions storage = NodeSettings.Section<StorageOptions>(configuration, StorageOptions.Section);
        ValidateOptionsResult result = new StorageOptionsCheck().Validate(null, storage);
        if (result.Failed)
            throw new NodeConfigurationException(string.Join("; ", result.Failures));
        return storage.Postgres.Length > 0
            ? storage.Postgres
            : throw new NodeConfigurationException($"{ClusterOptions.Section}:Id is set, so {StorageOptions.Section}:Postgres must name the cluster's database.");
    }
}

internal static partial class NodeShape
{
    static partial void BuildCluster(WebApplicationBuilder builder, NodeSettings settings, ref Task<WebApplication>? node) =>
        node = ClusterNode.BuildAsync(builder, settings);
}
