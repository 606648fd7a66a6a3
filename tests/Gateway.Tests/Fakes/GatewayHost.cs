using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Astraea.Gateway.Tests.Fakes;

/// <summary>The gateway on a port of its own, over scripted agents.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    public const string AlphaKey = "alpha-secret-1";
    public const string BetaKey = "beta-secret-22";

    private readonly WebApplication _app;

    private GatewayHost(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
        Client = ClientOf(AlphaKey);
        Other = ClientOf(BetaKey);
        Stranger = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }

    public ScriptedAgents Agents => (ScriptedAgents)_app.Services.GetRequiredService<IAgentRequests>();

    public IServiceProvider Services => _app.Services;

    public LetterText Text => (LetterText)_app.Services.GetRequiredService<IModelText>();

    public FixedScheduler Scheduler => (FixedScheduler)_app.Services.GetRequiredService<IClusterScheduler>();

    /// <summary>A client of tenant alpha.</summary>
    public HttpClient Client { get; }

    /// <summary>A client of tenant beta.</summary>
    public HttpClient Other { get; }

    /// <summary>A client without a key.</summary>
    public HttpClient Stranger { get; }

    public static Task<GatewayHost> StartAsync(params (string Key, string Value)[] settings) => StartAsync(
        static services => services.AddSingleton<IAgentRequests>(new ScriptedAgents()).AddSingleton<IClusterScheduler>(new FixedScheduler()), settings);

    /// <summary>Starts one more gateway in front of agents that are there already.</summary>
    public static Task<GatewayHost> StartAsync(ScriptedAgents agents, TimeProvider? time = null, params (string Key, string Value)[] settings) => StartAsync(
        services =>
        {
            services.AddSingleton<IAgentRequests>(agents).AddSingleton<IClusterScheduler>(new FixedScheduler());
            if (time is not null)
                services.AddSingleton(time);
        },
        settings);

    /// <summary>Starts over a shell that the test brings.</summary>
    public static async Task<GatewayHost> StartAsync(Action<IServiceCollection> addShell, params (string Key, string Value)[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        Dictionary<string, string?> values = new()
        {
            ["Astraea:Gateway:ApiKeys:0:Tenant"] = "alpha",
            ["Astraea:Gateway:ApiKeys:0:Key"] = AlphaKey,
            ["Astraea:Gateway:ApiKeys:1:Tenant"] = "beta",
            ["Astraea:Gateway:ApiKeys:1:Key"] = BetaKey,
        };
        foreach ((string key, string value) in settings)
            values[key] = value;
        builder.Configuration.AddInMemoryCollection(values);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddAstraeaGateway();
        addShell(builder.Services);
        builder.Services.AddSingleton<IModelText>(new LetterText());
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapAstraeaGateway();
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new GatewayHost(app, new Uri(address));
    }

    public HttpClient ClientOf(string key)
    {
        HttpClient client = new() { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public static HttpRequestMessage Post(string path, string json, string? idempotencyKey = null)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return request;
    }

    /// <summary>Posts, expects success, and parses the answer.</summary>
    public async Task<JsonElement> PostAsync(string path, string json, string? idempotencyKey = null)
    {
        using HttpResponseMessage response = await Client.SendAsync(Post(path, json, idempotencyKey));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {body}");
        return Parse(body);
    }

    /// <summary>Posts and returns the events of the stream, each as (name, data).</summary>
    public async Task<IReadOnlyList<(string? Name, string Data)>> StreamAsync(string path, string json, string? idempotencyKey = null)
    {
        using HttpResponseMessage response = await Client.SendAsync(Post(path, json, idempotencyKey));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {body}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return Events(body);
    }

    public static IReadOnlyList<(string? Name, string Data)> Events(string body)
    {
        List<(string?, string)> events = [];
        foreach (string block in body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = block.Split('\n');
            if (lines[0].StartsWith(':'))
                continue;
            string? name = lines[0].StartsWith("event: ", StringComparison.Ordinal) ? lines[0]["event: ".Length..] : null;
            events.Add((name, lines[^1]["data: ".Length..]));
        }
        return events;
    }

    public static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>The agent request behind an answer.</summary>
    public static RequestId RequestOf(HttpResponseMessage response)
    {
        Assert.True(RequestId.TryParse(response.Headers.GetValues("x-astraea-request-id").Single(), out RequestId id));
        return id;
    }

    /// <summary>Opens a stream and hands its events out one by one.</summary>
    public async Task<EventStream> OpenAsync(HttpRequestMessage request)
    {
        HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}");
        return new EventStream(response, await response.Content.ReadAsStreamAsync());
    }

    public Task<EventStream> OpenAsync(string path, string json, string? idempotencyKey = null) => OpenAsync(Post(path, json, idempotencyKey));

    /// <summary>Stops the host as a signal would; completes when it has stopped.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Other.Dispose();
        Stranger.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}

/// <summary>A scheduler that shows what it was given.</summary>
internal sealed class FixedScheduler : IClusterScheduler
{
    public ClusterView View { get; set; } = new(
        new PoolId("letters"), "astraea", 1,
        [new WorkerView(new WorkerId("w0"), 64, 60, 128, 0, 0, "cpu", new CostProfile(0, 0, 0, 0), TimeSpan.Zero)], []);

    public Task TellAsync(RequestStatus status, CancellationToken cancellation) => Task.CompletedTask;

    public Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation) => Task.FromResult(new Plan(1, [], [], []));

    public Task<ClusterView> ViewAsync(CancellationToken cancellation) => Task.FromResult(View);
}
