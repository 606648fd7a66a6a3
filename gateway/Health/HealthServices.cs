using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Astraea.Gateway.Health;

/// <summary>The health probes, for every process: with a gateway in it or without.</summary>
public static class HealthServices
{
    private static readonly string[] GetOrHead = ["GET", "HEAD"];

    /// <summary>Adds what the probes need. The composition registers an <see cref="IReadiness"/> for each part that must work.</summary>
    public static IServiceCollection AddAstraeaHealth(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddRouting();
        services.TryAddSingleton<HealthEndpoints>();
        return services;
    }

    /// <summary>Maps <c>/healthz</c> and <c>/readyz</c>, open to everybody, and nothing else.</summary>
    public static IEndpointRouteBuilder MapAstraeaHealth(this IEndpointRouteBuilder endpoints)
    {
        HealthEndpoints health = endpoints.ServiceProvider.GetRequiredService<HealthEndpoints>();
        endpoints.MapMethods("/healthz", GetOrHead, HealthEndpoints.HealthAsync);
        endpoints.MapMethods("/readyz", GetOrHead, health.ReadyAsync);
        return endpoints;
    }
}
