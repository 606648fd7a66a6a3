using Astraea.Contracts.Text;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Gateway;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Astraea.Silo.Options;
using Astraea.Silo.Security;
using Astraea.Silo.Storage;
using Astraea.Worker.Engine;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Composition;

/// <summary>The whole of Astraea in one process: gateway, local shell over SQLite, and workers on the CPU.</summary>
/// <remarks>Read top to bottom, this is the wiring of a request's way. Other shells get a composition file of their own beside this one.</remarks>
internal static class LocalNode
{
    /// <summary>Builds the node; nothing listens yet.</summary>
    /// <exception cref="NodeConfigurationException">A setting does not work; the message names it.</exception>
    public static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        IServiceCollection services = builder.Services;
        AddOptions(services);
        NodeOptions node = ReadNode(builder.Configuration);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Why a node does not start is said in one line, not as a trace of the host (NodeProgram).
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.WebHost.UseUrls(node.Listen);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

        string data = Path.GetFullPath(node.DataDirectory);
        Directory.CreateDirectory(data);
        ClusterSecurityOptions security = builder.Configuration.GetSection(ClusterSecurityOptions.Section).Get<ClusterSecurityOptions>() ?? new ClusterSecurityOptions();
        ClusterTrust trust = ClusterTrust.Open(security, data, Environment.MachineName, TimeProvider.System);
        ServedModel model = ServedModel.Load(builder.Configuration.GetSection(ModelOptions.Section).Get<ModelOptions>() ?? new ModelOptions(), data);
        NodeKey.MintWhenNone(builder.Configuration, data);

        services.AddSingleton(model);
        services.AddSingleton<IModelText>(model.Text);
        services.AddSingleton(new TicketSigner(trust.Secret));
        services.AddSingleton(s => SchedulingPolicies.Create(s.GetRequiredService<IOptions<PolicyOptions>>().Value.Policy));
        services.AddSingleton<IHistoryStore>(_ => SqliteHistoryStore.Open(new SqliteHistoryOptions { Path = Path.Combine(data, "history.db") }));
        services.AddLocalShell(new PoolId(model.Text.Model));
        services.AddSingleton(trust);
        services.AddSingleton<WorkerHost>();
        services.AddHostedService(s => s.GetRequiredService<WorkerHost>());
        services.AddAstraeaGateway();

        WebApplication app = builder.Build();
        app.MapAstraeaGateway();
        return app;
    }

    private static void AddOptions(IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<PolicyOptions, PolicyOptionsRanges>().BindConfiguration(PolicyOptions.Section)
            .Validate(o => SchedulingPolicies.Names.Contains(o.Policy), $"{PolicyOptions.Section}:Policy must be one of {string.Join(", ", SchedulingPolicies.Names)}.");
        services.AddOptionsWithValidateOnStart<WorkerPoolOptions, WorkerPoolOptionsRanges>().BindConfiguration(WorkerPoolOptions.Section);
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsCheck>();
        services.AddOptionsWithValidateOnStart<WorkerOptions, WorkerOptionsRanges>().BindConfiguration(WorkerPoolOptions.Section);
        services.AddOptionsWithValidateOnStart<DataPlaneOptions, DataPlaneOptionsCheck>().BindConfiguration(DataPlaneOptions.Section);
    }

    /// <summary>These are needed before there are services, so they are checked here.</summary>
    private static NodeOptions ReadNode(ConfigurationManager configuration)
    {
        NodeOptions node = configuration.GetSection(NodeOptions.Section).Get<NodeOptions>() ?? new NodeOptions();
        ValidateOptionsResult result = new NodeOptionsRanges().Validate(null, node);
        if (result.Failed)
            throw new NodeConfigurationException(string.Join("; ", result.Failures));
        CheckRoles(node.Roles);
        return node;
    }

    private static void CheckRoles(string roles)
    {
        string[] named = roles.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (!named.Order(StringComparer.Ordinal).SequenceEqual(["control", "gateway", "worker"]))
            throw new NodeConfigurationException($"{NodeOptions.Section}:Roles is '{roles}'; one process runs gateway,control,worker together.");
    }
}
