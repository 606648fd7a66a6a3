using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Astraea.Client.Tests;

/// <summary>A call as the stub saw it.</summary>
public sealed record SeenCall(string Method, string Path, string Body, IHeaderDictionary Headers)
{
    public string Query { get; init; } = "";
}

/// <summary>An HTTP server whose answers a test writes.</summary>
public sealed class StubNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubNode(WebApplication app) => _app = app;

    public Uri Endpoint => new(_app.Urls.First());

    public ConcurrentQueue<SeenCall> Calls { get; } = new();

    /// <param name="answer">Gets the context and the ordinal of the call, from 0.</param>
    public static async Task<StubNode> StartAsync(Func<HttpContext, int, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        StubNode node = new(app);
        int calls = -1;
        app.Run(async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            node.Calls.Enqueue(new SeenCall(context.Request.Method, context.Request.Path, body, new HeaderDictionary(context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value)))
            {
                Query = context.Request.QueryString.Value ?? "",
            });
            await answer(context, Interlocked.Increment(ref calls));
        });
        await app.StartAsync();
        return node;
    }

    public AstraeaClient Client(TimeSpan? retryFor = null) => new(new AstraeaClientOptions
    {
        Endpoint = Endpoint,
        ApiKey = "secret-key",
        RetryFor = retryFor ?? TimeSpan.FromSeconds(30),
        RetryPause = TimeSpan.FromMilliseconds(1),
    });

    public static Task Json(HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    public static Task Events(HttpContext context, params string[] data)
    {
        context.Response.ContentType = "text/event-stream";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(data.Select(static d => $"data: {d}\n\n")))).AsTask();
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
