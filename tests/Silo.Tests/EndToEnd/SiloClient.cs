using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>Reads what a silo says about itself.</summary>
public sealed class SiloClient : IDisposable
{
    private readonly HttpClient _http;

    public SiloClient(Uri address)
    {
        _http = new HttpClient { BaseAddress = address };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SiloProcess.ApiKey);
    }

    public void Dispose() => _http.Dispose();

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative)))!;

    public async Task<string> ModelAsync() => (string)(await GetAsync("/v1/models"))["data"]![0]!["id"]!;

    /// <summary>Requests that have not ended, as the scheduler counts them.</summary>
    public async Task<int> LiveRequestsAsync() => (await GetAsync("/v1/astraea/cluster"))["requests"]!.AsArray().Count;

    /// <summary>The events of a request's history, in short.</summary>
    public async Task<JsonNode[]> EventsAsync(string request) => [.. (await GetAsync($"/v1/astraea/requests/{request}"))["events"]!.AsArray().Select(e => e!)];
}
