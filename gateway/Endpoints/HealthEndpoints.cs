using Astraea.Contracts;
using Astraea.Core.Scheduling;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Endpoints;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: it would serve a request now.</summary>
internal sealed class HealthEndpoints(IClusterScheduler scheduler, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static Task HealthAsync(HttpContext context) => AnswerAsync(context, null);

    public async Task ReadyAsync(HttpContext context) => await AnswerAsync(context, await WhatIsMissingAsync(context.RequestAborted));

    private async Task<string?> WhatIsMissingAsync(CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return "stopping";
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            ClusterView view = await scheduler.ViewAsync(limit.Token);
            return view.Workers.IsEmpty ? "no worker has reported yet" : null;
        }
        catch (Exception e) when (e is AgentUnavailableException or OperationCanceledException)
        {
            return "the scheduler does not answer";
        }
    }

    private static Task AnswerAsync(HttpContext context, string? missing) => GatewayPipeline.WriteAsync(
        context, missing is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        missing is null ? new HealthStatus("ok") : new HealthStatus("unavailable", missing), WireJson.Wire.HealthStatus);
}
