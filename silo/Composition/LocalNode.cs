using Astraea.Contracts.Text;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Gateway;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Astraea.Silo.Options;
using Astraea.Silo.Security;
using Astraea.Silo.Storage;
using Astraea.Worker.Engine;

namespace Astraea.Silo.Composition;

/// <summary>The whole of Astraea in one process: gateway, local shell over SQLite, and workers on the CPU.</summary>
/// <remarks>Read top to bottom, this is the wiring of a request's way. The cluster's is <c>ClusterNode</c>, beside this one.</remarks>
internal static class LocalNode
{
    /// <summary>Builds the node; nothing listens yet.</summary>
    /// <exception cref="NodeConfigurationException">A setting does not work; the message names it.</exception>
    public static WebApplication Build(WebApplicationBuilder builder, NodeSettings settings)
    {
        IServiceCollection services = builder.Services;
        builder.AddNodeBasics(settings);
        string data = settings.DataDirectory;
        ClusterTrust trust = ClusterTrust.Open(
            NodeSettings.Section<ClusterSecurityOptions>(builder.Configuration, ClusterSecurityOptions.Section), data, Environment.MachineName, TimeProvider.System);
        ServedModel model = ServedModel.Load(NodeSettings.Section<ModelOptions>(builder.Configuration, ModelOptions.Section), data,
            NodeSettings.Section<WorkerOptions>(builder.Configuration, WorkerPoolOptions.Section).Weights);
        NodeKey.MintWhenNone(builder.Configuration, data);

        services.AddSingleton(model);
        services.AddSingleton<IModelText>(model.Text);
        services.AddSingleton(trust);
        services.AddSingleton(new TicketSigner(trust.Secret));
        services.AddSingleton<IHistoryStore>(_ => SqliteHistoryStore.Open(new SqliteHistoryOptions { Path = Path.Combine(data, "history.db") }));
        services.AddLocalShell(new PoolId(model.Text.Model));
        services.AddWorkers();
        services.AddAstraeaGateway();

        WebApplication app = builder.Build();
        app.MapAstraeaGateway();
        return app;
    }
}
