using Astraea.Gateway.Endpoints;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Health;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: it would serve a request now.</summary>
internal sealed class HealthEndpoints(IEnumerable<IReadiness> parts, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static Task HealthAsync(HttpContext context) => AnswerAsync(context, null);

    public async Task ReadyAsync(HttpContext context) => await AnswerAsync(context, await WhatIsMissingAsync(context.RequestAborted));

    private async Task<string?> WhatIsMissingAsync(CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return "stopping";
        // Side by side, so that the probe waits for the slowest part only.
        string?[] missing = await Task.WhenAll(parts.Select(part => AskAsync(part, cancellation)));
        string[] named = [.. missing.OfType<string>()];
        return named.Length == 0 ? null : string.Join("; ", named);
    }

    private async Task<string?> AskAsync(IReadiness part, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            return await part.WhatIsMissingAsync(limit.Token).WaitAsync(Patience, time, cancellation) is { } missing ? $"{part.Name}: {missing}" : null;
        }
        // Whatever is wrong with it, the part is not ready, and a probe must be answered.
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            await limit.CancelAsync();
            return $"{part.Name}: does not answer";
        }
    }

    private static Task AnswerAsync(HttpContext context, string? missing)
    {
        GatewayPipeline.NameRequest(context);
        return GatewayPipeline.WriteAsync(
            context, missing is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            missing is null ? new HealthStatus("ok") : new HealthStatus("unavailable", missing), WireJson.Wire.HealthStatus);
    }
}
