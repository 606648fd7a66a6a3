using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Draining;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Endpoints;

/// <summary>Wraps every handler: names the HTTP request, lets tenants in, and turns whatever goes wrong into one shape of error.</summary>
internal sealed partial class GatewayPipeline(ApiKeys keys, GatewayDrain drain, IEnumerable<ICallScope> scopes, ILogger<GatewayPipeline> log)
{
    /// <summary>Header that names an HTTP request in logs and support questions.</summary>
    public const string RequestIdHeader = "x-request-id";

    /// <summary>A handler for tenants with a key.</summary>
    public RequestDelegate Guarded(Func<HttpContext, TenantId, Task> handle) => context => RunAsync(context, async () =>
    {
        TenantId tenant = keys.Authenticate(context.Request);
        using IDisposable stay = drain.Enter(context);
        foreach (ICallScope scope in scopes)
            scope.Enter(tenant);
        await handle(context, tenant);
    });

    /// <summary>Names an HTTP request in its answer.</summary>
    public static string NameRequest(HttpContext context)
    {
        string requestId = $"req_{Guid.CreateVersion7():N}";
        context.Response.Headers[RequestIdHeader] = requestId;
        return requestId;
    }

    /// <summary>Writes a JSON answer.</summary>
    public static async Task WriteAsync<T>(HttpContext context, int status, T body, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(body, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    private async Task RunAsync(HttpContext context, Func<Task> handle)
    {
        string requestId = NameRequest(context);
        try
        {
            await handle();
        }
        catch (ApiException e)
        {
            await RefuseAsync(context, e.Error);
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(context, new ApiError(e.StatusCode, "The HTTP request could not be read."));
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client has gone; there is nobody to answer.
        }
        catch (Exception e)
        {
            Log.Unexpected(log, e, requestId);
            await RefuseAsync(context, new ApiError(StatusCodes.Status500InternalServerError, $"Something went wrong here; it is logged as {requestId}."));
        }
    }

    private static async Task RefuseAsync(HttpContext context, ApiError error)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }
        if (error.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString();
        if (error.ShouldRetry is { } retry)
            response.Headers["x-should-retry"] = retry ? "true" : "false";
        if (error.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        if (error.ClosesConnection)
            response.Headers.Connection = "close";
        try
        {
            await WriteAsync(context, error.Status, new ErrorBody(error.Detail), WireJson.Wire.ErrorBody);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1502, Level = LogLevel.Error, Message = "HTTP request {HttpRequestId} failed")]
        public static partial void Unexpected(ILogger log, Exception exception, string httpRequestId);
    }
}
