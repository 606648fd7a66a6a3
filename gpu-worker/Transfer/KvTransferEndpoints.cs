using Astraea.Core.Lifecycle;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Astraea.Worker.Transfer;

/// <summary>The data plane of workers: where KV comes in.</summary>
public static class KvTransferEndpoints
{
    /// <summary>Maps <c>POST /kv/{worker}</c>. The host sees to it that only members of the cluster get here: HTTP/2 over mutual TLS on a port of its own.</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="find">A worker of this process, or null.</param>
    public static IEndpointConventionBuilder MapKvTransfer(this IEndpointRouteBuilder routes, Func<WorkerId, IKvTarget?> find) =>
        routes.MapPost("/kv/{worker}", async (string worker, HttpContext http) =>
        {
            if (find(new WorkerId(worker)) is not { } target)
                return Results.Text($"There is no worker {worker} here.", statusCode: StatusCodes.Status404NotFound);
            // The receiver caps by blocks; the server's own cap is for requests of clients.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                limit.MaxRequestBodySize = null;
            string ticket = http.Request.Headers[KvWire.TicketHeader].ToString();
            KvReceived received = await target.ReceiveKvAsync(ticket, http.Request.Body, http.RequestAborted);
            return Results.Text(received.Message, statusCode: received.Status);
        });
}
