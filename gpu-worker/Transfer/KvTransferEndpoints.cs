using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Astraea.Worker.Transfer;

/// <summary>The data plane of workers: where KV comes in.</summary>
public static class KvTransferEndpoints
{
    /// <summary>Maps <c>POST /kv/{worker}</c>. The endpoint must speak HTTP/2 (without TLS: a port of its own with <c>HttpProtocols.Http2</c>).</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="find">A worker of this process, or null.</param>
    public static IEndpointConventionBuilder MapKvTransfer(this IEndpointRouteBuilder routes, Func<WorkerId, WorkerService?> find) =>
        routes.MapPost("/kv/{worker}", async (string worker, HttpContext http) =>
        {
            if (find(new WorkerId(worker)) is not { } service)
                return Results.Text($"There is no worker {worker} here.", statusCode: StatusCodes.Status404NotFound);
            // The receiver caps by blocks; the server's own cap is for requests of clients.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                limit.MaxRequestBodySize = null;
            string ticket = http.Request.Headers[KvWire.TicketHeader].ToString();
            KvReceived received = await service.ReceiveKvAsync(ticket, http.Request.Body, http.RequestAborted);
            return Results.Text(received.Message, statusCode: received.Status);
        });
}
