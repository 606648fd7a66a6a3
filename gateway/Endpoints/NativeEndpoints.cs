using Astraea.Contracts;
using Astraea.Contracts.History;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.Intake;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Endpoints;

/// <summary>Our own surface: <c>/v1/astraea/cluster</c>, <c>/v1/astraea/requests/{id}</c> and its <c>/cancel</c>.</summary>
internal sealed class NativeEndpoints(AgentCalls calls, IClusterScheduler scheduler)
{
    /// <summary>Queues and workers. Workers are everybody's; requests are shown to their own tenant only.</summary>
    public async Task ClusterAsync(HttpContext context, TenantId tenant)
    {
        ClusterView view;
        try
        {
            view = await scheduler.ViewAsync(context.RequestAborted);
        }
        catch (AgentUnavailableException)
        {
            throw ApiError.Unavailable("The scheduler does not answer at the moment.").Raise();
        }
        ClusterView own = view with { Requests = [.. view.Requests.Where(r => r.Tenant == tenant)] };
        await GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, own, WireJson.Wire.ClusterView);
    }

    public async Task RequestAsync(HttpContext context, TenantId tenant)
    {
        RequestHistory history = await FindAsync(context, tenant);
        int segment = history.Events.Max(e => e.Event is RequestEvent.ToolResultsPosted posted ? posted.Exchange.Ordinal : 0);
        NativeRequest request = new(
            history.Id, history.Phase, tenant, history.Submitted.Category, segment, history.Submitted.Parent, history.Submitted.Session,
            Receipt.Of(history.Events.Select(e => e.Event)), [.. history.Events.Select(AgentEvent.Of)]);
        await GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, request, WireJson.Wire.NativeRequest);
    }

    public async Task CancelAsync(HttpContext context, TenantId tenant)
    {
        RequestHistory history = await FindAsync(context, tenant);
        if (!HasEnded(history.Phase))
        {
            await calls.CancelAsync(history.Id, "cancelled by its client");
            history = await FindAsync(context, tenant);
        }
        // The first end wins every race; the client hears which one it was.
        if (history.Phase != RequestPhase.Cancelled)
            throw ApiError.Conflict("The request has ended already; there is nothing to cancel.", "request_ended", shouldRetry: false).Raise();
        await GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, new NativeCancelled(history.Id, history.Phase), WireJson.Wire.NativeCancelled);
    }

    private static bool HasEnded(RequestPhase phase) => phase is RequestPhase.Completed or RequestPhase.Failed or RequestPhase.Cancelled;

    private async Task<RequestHistory> FindAsync(HttpContext context, TenantId tenant)
    {
        string text = context.Request.RouteValues["id"] as string ?? "";
        RequestHistory? history = RequestId.TryParse(text, out RequestId id) ? await calls.LoadAsync(id, tenant, context.RequestAborted) : null;
        return history ?? throw ApiError.NotFound($"There is no request '{ToolIntake.Printable(text)}'.", "request_not_found").Raise();
    }
}
