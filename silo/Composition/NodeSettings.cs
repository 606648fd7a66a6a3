using Astraea.Core.Placement;
using Astraea.Core.Scheduling;
using Astraea.Gateway.Health;
using Astraea.Silo.Options;
using Astraea.Worker.Engine;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Composition;

/// <summary>What a process does.</summary>
[Flags]
internal enum NodeRoles
{
    /// <summary>Serves HTTP; stateless.</summary>
    Gateway = 1,

    /// <summary>Holds agent requests and the scheduler.</summary>
    Control = 2,

    /// <summary>Runs engines.</summary>
    Worker = 4,

    /// <summary>All of it, in one process.</summary>
    All = Gateway | Control | Worker,
}

/// <summary>The settings that decide how a process is put together; they are needed before there are services, so they are read and checked here.</summary>
/// <param name="Node">The process as a whole.</param>
/// <param name="Cluster">Its cluster, if it is in one.</param>
/// <param name="Roles">What it does.</param>
/// <param name="DataDirectory">Full path; made.</param>
internal sealed record NodeSettings(NodeOptions Node, ClusterOptions Cluster, NodeRoles Roles, string DataDirectory)
{
    /// <summary>Whether this process is one of many.</summary>
    public bool IsInCluster => Cluster.Id.Length > 0;

    /// <summary>Whether it has that role.</summary>
    public bool Is(NodeRoles role) => (Roles & role) != 0;

    /// <summary>Name of a worker of this process, unique in its cluster.</summary>
    public string WorkerName(int index) => IsInCluster ? $"{Cluster.EffectiveName}-w{index}" : $"w{index}";

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="NodeConfigurationException">One does not work; the message names it.</exception>
    public static NodeSettings Read(IConfiguration configuration)
    {
        NodeOptions node = Checked(configuration, NodeOptions.Section, new NodeOptionsRanges());
        ClusterOptions cluster = Checked(configuration, ClusterOptions.Section, new ClusterOptionsRanges(), new ClusterOptionsCheck());
        NodeRoles roles = ReadRoles(node.Roles);
        if (cluster.Id.Length == 0 && roles != NodeRoles.All)
        {
            throw new NodeConfigurationException(
                $"{NodeOptions.Section}:Roles is '{node.Roles}', but without {ClusterOptions.Section}:Id one process runs gateway,control,worker together.");
        }
        string data = Path.GetFullPath(node.DataDirectory);
        Directory.CreateDirectory(data);
        return new NodeSettings(node, cluster, roles, data);
    }

    /// <summary>Reads a section before there are services.</summary>
    public static T Section<T>(IConfiguration configuration, string section) where T : new() => configuration.GetSection(section).Get<T>() ?? new T();

    private static T Checked<T>(IConfiguration configuration, string section, params IValidateOptions<T>[] checks) where T : class, new()
    {
        T options = Section<T>(configuration, section);
        string[] failures = [.. checks.Select(c => c.Validate(null, options)).Where(r => r.Failed).SelectMany(r => r.Failures!)];
        return failures.Length == 0 ? options : throw new NodeConfigurationException(string.Join("; ", failures));
    }

    private static NodeRoles ReadRoles(string named)
    {
        NodeRoles roles = 0;
        foreach (string role in named.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            roles |= role switch
            {
                "gateway" => NodeRoles.Gateway,
                "control" => NodeRoles.Control,
                "worker" => NodeRoles.Worker,
                _ => throw new NodeConfigurationException($"{NodeOptions.Section}:Roles names '{role}'; roles are gateway, control and worker."),
            };
        }
        return roles == 0 ? throw new NodeConfigurationException($"{NodeOptions.Section}:Roles names no role; roles are gateway, control and worker.") : roles;
    }
}

/// <summary>What every process has, whatever its shell: options checked at the start, quiet logs, one web server.</summary>
internal static class NodeBasics
{
    /// <summary>Adds it.</summary>
    public static void AddNodeBasics(this WebApplicationBuilder builder, NodeSettings settings)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton(settings);
        services.AddOptionsWithValidateOnStart<PolicyOptions, PolicyOptionsRanges>().BindConfiguration(PolicyOptions.Section)
            .Validate(o => SchedulingPolicies.Names.Contains(o.Policy), $"{PolicyOptions.Section}:Policy must be one of {string.Join(", ", SchedulingPolicies.Names)}.");
        services.AddOptionsWithValidateOnStart<WorkerPoolOptions, WorkerPoolOptionsRanges>().BindConfiguration(WorkerPoolOptions.Section);
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsCheck>();
        services.AddOptionsWithValidateOnStart<WorkerOptions, WorkerOptionsRanges>().BindConfiguration(WorkerPoolOptions.Section);
        services.AddOptionsWithValidateOnStart<DataPlaneOptions, DataPlaneOptionsCheck>().BindConfiguration(DataPlaneOptions.Section);
        services.AddSingleton(s => SchedulingPolicies.Create(s.GetRequiredService<IOptions<PolicyOptions>>().Value.Policy));
        services.AddSingleton(s => new SchedulerOptions
        {
            Placement = new PlacementOptions { Migrate = s.GetRequiredService<IOptions<PolicyOptions>>().Value.Migrate },
        });
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(settings.Cluster.DrainSeconds));

        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Why a node does not start is said in one line, not as a trace of the host (NodeProgram).
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.WebHost.UseUrls(settings.Node.Listen);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    }

    /// <summary>Adds the workers of this process.</summary>
    public static void AddWorkers(this IServiceCollection services)
    {
        services.AddSingleton<WorkerHost>();
        services.AddHostedService(s => s.GetRequiredService<WorkerHost>());
        services.AddSingleton<IReadiness>(s => new WorkerReadiness(s.GetRequiredService<WorkerHost>()));
    }
}
