using Astraea.Client.Agents;
using Astraea.Grains.Orleans.Contracts.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Configuration;

namespace Astraea.Client.Orleans;

/// <summary>Registers <see cref="IAgentClient"/> over Orleans: in a process of its own, or in one that is an Orleans client or a silo already.</summary>
/// <remarks>
/// An Orleans client speaks to the silos' own ports and is inside the cluster's network: keep those ports closed to everybody else. The API key decides
/// whose runs it sees at the front door; what Orleans lets a caller set by itself, such as its request context, decides nothing.
/// </remarks>
public static class OrleansClientRegistration
{
    // The one schema of a cluster's database, and the one service of our clusters: as the silos have it.
    private const string Schema = "astraea";
    private const string ServiceId = "astraea";

    /// <summary>Makes a host a client of a cluster. It connects when the host starts, and waits for the cluster up to <see cref="OrleansClientOptions.RetryFor"/>.</summary>
    /// <exception cref="ArgumentException">Without the cluster's id and database there is nothing to connect to.</exception>
    public static IHostApplicationBuilder AddAstraeaClient(this IHostApplicationBuilder host, OrleansClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(options);
        if (options.ClusterId is null || options.Postgres is null)
            throw new ArgumentException($"{nameof(options.ClusterId)} and {nameof(options.Postgres)} say where the cluster is.", nameof(options));
        host.UseOrleansClient(client => client.AddAstraeaClient(options));
        return host;
    }

    /// <summary>Adds to an Orleans client; what the options leave out, the caller configures as for any Orleans client.</summary>
    public static IClientBuilder AddAstraeaClient(this IClientBuilder client, OrleansClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        if (options.ClusterId is { } id)
        {
            client.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = id;
                cluster.ServiceId = ServiceId;
            });
        }
        if (options.Postgres is { } postgres)
        {
            string connection = MembershipConnection(postgres);
            client.UseAdoNetClustering(clustering =>
            {
                clustering.Invariant = "Npgsql";
                clustering.ConnectionString = connection;
            });
        }
        client.Services.AddAstraeaWire();
        client.AddActivityPropagation();
        long began = options.Clock.GetTimestamp();
        client.UseConnectionRetryFilter(async (_, cancellation) =>
        {
            if (options.Clock.GetElapsedTime(began) + options.RetryPauseMax > options.RetryFor)
                return false;
            await Task.Delay(options.RetryPauseMax, options.Clock, cancellation);
            return true;
        });
        client.Services.AddAstraeaClient(options);
        return client;
    }

    /// <summary>Adds to a process that speaks our wire already: a silo. The options' cluster does not apply; it is the silo's own.</summary>
    public static IServiceCollection AddAstraeaClient(this IServiceCollection services, OrleansClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(options.ApiKey);
        return services.AddSingleton<IAgentClient>(s => new OrleansAgentClient(new FrontDoors(s.GetRequiredService<IGrainFactory>(), options)));
    }

    /// <summary>The cluster's connection string, with the schema of its membership tables in the search path.</summary>
    internal static string MembershipConnection(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = Schema, Timezone = "UTC", ApplicationName = "astraea-client" }.ToString();
}
