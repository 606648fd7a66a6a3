using System.Net;
using Astraea.Gateway.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Astraea.Gateway.Tests;

public sealed class HealthTests
{
    [Fact]
    public async Task A_process_without_a_gateway_is_ready_when_each_of_its_parts_is()
    {
        Part store = new("store", () => null);
        Part worker = new("worker", () => "loads its model");
        await using WebApplication app = await StartAsync(store, worker);
        using HttpClient probe = new() { BaseAddress = new Uri(app.Urls.Single()) };

        (HttpStatusCode early, string why) = await AskAsync(probe, "/readyz");
        worker.Answer = () => null;
        (HttpStatusCode ready, _) = await AskAsync(probe, "/readyz");
        store.Answer = () => throw new InvalidOperationException("connection string with a secret");
        (HttpStatusCode broken, string whyBroken) = await AskAsync(probe, "/readyz");
        (HttpStatusCode alive, _) = await AskAsync(probe, "/healthz");
        (HttpStatusCode other, _) = await AskAsync(probe, "/v1/models");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (early, ready, broken));
        Assert.Equal("""{"status":"unavailable","reason":"worker: loads its model"}""", why);
        Assert.Equal("""{"status":"unavailable","reason":"store: does not answer"}""", whyBroken);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (alive, other));
    }

    [Fact]
    public async Task A_part_that_never_answers_is_not_ready()
    {
        await using WebApplication app = await StartAsync(new Silent());
        using HttpClient probe = new() { BaseAddress = new Uri(app.Urls.Single()) };

        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"unavailable","reason":"silent: does not answer"}"""), await AskAsync(probe, "/readyz"));
    }

    private static async Task<WebApplication> StartAsync(params IReadiness[] parts)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddAstraeaHealth();
        foreach (IReadiness part in parts)
            builder.Services.AddSingleton(part);
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapAstraeaHealth();
        await app.StartAsync();
        return app;
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient probe, string path)
    {
        using HttpResponseMessage answer = await probe.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private sealed class Part(string name, Func<string?> answer) : IReadiness
    {
        public Func<string?> Answer { get; set; } = answer;

        public string Name => name;

        public Task<string?> WhatIsMissingAsync(CancellationToken cancellation) => Task.FromResult(Answer());
    }

    private sealed class Silent : IReadiness
    {
        public string Name => "silent";

        public Task<string?> WhatIsMissingAsync(CancellationToken cancellation) => new TaskCompletionSource<string?>().Task;
    }
}
