using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Draining;
using Astraea.Gateway.Endpoints;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.FrontDoor;
using Astraea.Gateway.Health;
using Astraea.Gateway.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway;

/// <summary>Puts the gateway into a host.</summary>
public static class GatewayServices
{
    /// <summary>
    /// Adds the gateway; options come from <see cref="GatewayOptions.Section"/>. The host also provides <see cref="IAgentRequests"/>,
    /// <see cref="IClusterScheduler"/> and <see cref="IModelText"/>.
    /// </summary>
    public static IServiceCollection AddAstraeaGateway(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<GatewayOptions>().BindConfiguration(GatewayOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, GatewayOptionsRanges>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, ApiKeysCheck>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<HostOptions>, ShutdownTime>());
        services.AddAstraeaHealth();
        services.AddSingleton<GatewayDrain>();
        services.AddHostedService(s => s.GetRequiredService<GatewayDrain>());
        services.AddSingleton<IReadiness>(s => s.GetRequiredService<GatewayDrain>());
        services.AddSingleton<IReadiness, SchedulerReadiness>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<GatewayPipeline>();
        services.AddSingleton<AgentCalls>();
        services.AddSingleton<ExchangeAcceptor>();
        services.AddSingleton<ExchangeReader>();
        services.AddSingleton(s => new AgentFrontDoor(
            s.GetRequiredService<ApiKeys>(), s.GetRequiredService<ExchangeAcceptor>(), s.GetRequiredService<AgentCalls>(), s.GetRequiredService<IModelText>(),
            s.GetRequiredService<IOptions<GatewayOptions>>(), s.GetRequiredService<ILogger<AgentFrontDoor>>()));
        services.AddSingleton<GenerationEndpoint>();
        services.AddSingleton<ChatCompletionsEndpoint>();
        services.AddSingleton<ResponsesEndpoint>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddSingleton<NativeEndpoints>();
        return services;
    }

    /// <summary>Maps the gateway's endpoints. Paths nobody mapped need a key too (default deny) and then are 404.</summary>
    public static IEndpointRouteBuilder MapAstraeaGateway(this IEndpointRouteBuilder endpoints)
    {
        IServiceProvider services = endpoints.ServiceProvider;
        GatewayPipeline pipeline = services.GetRequiredService<GatewayPipeline>();
        endpoints.MapAstraeaHealth();

        ChatCompletionsEndpoint chat = services.GetRequiredService<ChatCompletionsEndpoint>();
        ResponsesEndpoint responses = services.GetRequiredService<ResponsesEndpoint>();
        ModelsEndpoint models = services.GetRequiredService<ModelsEndpoint>();
        NativeEndpoints native = services.GetRequiredService<NativeEndpoints>();
        Map("/v1/chat/completions", "POST", chat.CreateAsync);
        Map("/v1/responses", "POST", responses.CreateAsync);
        Map("/v1/responses/{id}", "GET", responses.GetAsync);
        Map("/v1/responses/{id}/cancel", "POST", responses.CancelAsync);
        Map("/v1/models", "GET", models.ListAsync);
        // Model names may hold slashes.
        Map("/v1/models/{**id}", "GET", models.GetAsync);
        Map("/v1/astraea/cluster", "GET", native.ClusterAsync);
        Map("/v1/astraea/requests/{id}", "GET", native.RequestAsync);
        Map("/v1/astraea/requests/{id}/cancel", "POST", native.CancelAsync);
        endpoints.MapFallback("{**path}", pipeline.Guarded(static (context, _) =>
            throw ApiError.NotFound($"Nothing is served at {context.Request.Method} on this path.", "unknown_url").Raise()));
        return endpoints;

        void Map(string path, string method, Func<HttpContext, TenantId, Task> handle)
        {
            endpoints.MapMethods(path, [method], pipeline.Guarded(handle));
            // Without this, routing would answer other methods itself: without a key, and in another shape.
            endpoints.Map(path, pipeline.Guarded((context, _) =>
            {
                context.Response.Headers.Allow = method;
                throw new ApiError(StatusCodes.Status405MethodNotAllowed, $"Only {method} is served here.", "method_not_allowed").Raise();
            }));
        }
    }
}
