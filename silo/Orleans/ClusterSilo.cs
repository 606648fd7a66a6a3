using System.Net;
using Astraea.Gateway.Identity;
using Astraea.Grains.Orleans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Astraea.Silo.Orleans;

/// <summary>Makes a host a silo of its cluster: membership on PostgreSQL, our grains on control silos, metadata for everybody.</summary>
public static class ClusterSilo
{
    /// <summary>The one service of our clusters; the cluster's id tells deployments apart.</summary>
    public const string ServiceId = "astraea";

    /// <summary>Adds the silo.</summary>
    public static IHostApplicationBuilder AddAstraeaSilo(this IHostApplicationBuilder host, ClusterSiloSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return host.UseOrleans(silo => Configure(silo, settings));
    }

    private static void Configure(ISiloBuilder silo, ClusterSiloSettings settings)
    {
        silo.Configure<ClusterOptions>(cluster =>
        {
            cluster.ClusterId = settings.ClusterId;
            cluster.ServiceId = ServiceId;
        });
        silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
        // Clients come in where the front doors are.
        silo.ConfigureEndpoints(settings.Address, settings.SiloPort, settings.IsGateway ? settings.GatewayPort : 0, listenOnAnyHostAddress: !IPAddress.IsLoopback(settings.Address));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(settings.ProbeSeconds);
            membership.NumMissedProbesLimit = settings.MissedProbes;
            // When all processes were killed at once, those that start again wait this long times three before they believe it.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
            membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        // A parked pull or read answers after 10 s at most, so a call that takes longer is lost.
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(20));
        silo.UseAdoNetClustering(options =>
        {
            options.Invariant = "Npgsql";
            options.ConnectionString = settings.Postgres;
        });
        // The default directory forgets the grains of a dead silo's share, wherever they live, and these are then put away. Killing a worker so cost the pool
        // its scheduler, and everybody nine seconds (measured); this one asks the other silos what they hold.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.UseSiloMetadata(new Dictionary<string, string>(settings.Metadata));
        silo.AddIncomingGrainCallFilter<AvailabilityFilter>();
        silo.AddAstraeaGrains(settings.Pool, settings.IsControl);
        if (settings.IsControl)
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, DepartureSignal>();
        silo.Services.AddSingleton<ICallScope, GrainCallScope>();
        if (!settings.IsGateway)
            silo.Services.Configure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Assembly == typeof(ClusterSilo).Assembly));
    }
}
