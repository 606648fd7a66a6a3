using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Astraea.Client.Transport;
using Astraea.Client.Wire;
using Astraea.Core.Scheduling;

namespace Astraea.Client;

/// <summary>A node, or a cluster behind its gateway, over HTTP. Thread-safe; keep one for the life of the program.</summary>
/// <remarks>Every POST carries an idempotency key and is repeated while the server is away (<see cref="AstraeaClientOptions.RetryFor"/>): it happens once.</remarks>
public sealed class AstraeaClient : IDisposable
{
    private const string AgentRequestHeader = "x-astraea-request-id";

    private readonly HttpClient _http;
    private readonly Caller _caller;

    /// <summary>Connects to an address with an API key.</summary>
    public AstraeaClient(Uri endpoint, string? apiKey = null) : this(new AstraeaClientOptions { Endpoint = endpoint, ApiKey = apiKey }) { }

    /// <summary>Connects as the options say.</summary>
    public AstraeaClient(AstraeaClientOptions options)
    {
        // Model calls take as long as they take; callers cancel by token.
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
        _caller = new Caller(_http, options);
    }

    /// <summary>One chat completion, whole.</summary>
    /// <param name="request">What is asked. Echo the assistant's tool calls and add their results to continue the same agent request.</param>
    /// <param name="idempotencyKey">Names this exchange; null mints one, which covers repeats inside this call only.</param>
    /// <param name="cancellation">Gives up waiting; the node cancels the request when nobody reads.</param>
    /// <exception cref="AstraeaException">Refused, or the node could not be reached in time.</exception>
    public async Task<ChatCompletion> CompleteChatAsync(ChatRequest request, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request with { Stream = null, StreamOptions = null }, ClientJson.Default.ChatRequest);
        return await CallAsync(
            HttpMethod.Post, "v1/chat/completions", body, idempotencyKey, ClientJson.Default.ChatCompletion,
            static (completion, agent) => completion with { AgentRequest = agent }, cancellation);
    }

    /// <summary>One chat completion, piece by piece; the last piece carries usage.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="idempotencyKey">Names this exchange; the same key replays it from the start.</param>
    /// <param name="cancellation">Ends the stream; the node cancels the request when nobody reads.</param>
    /// <exception cref="AstraeaException">Refused, the node could not be reached in time, or the stream broke.</exception>
    public async IAsyncEnumerable<ChatChunk> StreamChatAsync(
        ChatRequest request, string? idempotencyKey = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            request with { Stream = true, StreamOptions = new ChatStreamOptions(IncludeUsage: true) }, ClientJson.Default.ChatRequest);
        using HttpResponseMessage answer = await _caller.SendAsync(
            HttpMethod.Post, "v1/chat/completions", body, idempotencyKey ?? MintKey(), Task.FromResult, cancellation);
        string? agent = AgentOf(answer);
        await foreach (ChatChunk chunk in ReadEventsAsync(answer, ClientJson.Default.ChatChunk, static _ => false, cancellation))
            yield return chunk with { AgentRequest = agent };
    }

    /// <summary>One response, whole.</summary>
    /// <param name="request">What is asked; <see cref="ResponseRequest.PreviousResponseId"/> goes on from an earlier one.</param>
    /// <param name="idempotencyKey">Names this exchange; null mints one, which covers repeats inside this call only.</param>
    /// <param name="cancellation">Gives up waiting; the node cancels the request when nobody reads.</param>
    /// <exception cref="AstraeaException">Refused, or the node could not be reached in time.</exception>
    public async Task<Response> CreateResponseAsync(ResponseRequest request, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request with { Stream = null }, ClientJson.Default.ResponseRequest);
        return await CallAsync(
            HttpMethod.Post, "v1/responses", body, idempotencyKey, ClientJson.Default.Response,
            static (response, agent) => response with { AgentRequest = agent }, cancellation);
    }

    /// <summary>One response, event by event.</summary>
    /// <exception cref="AstraeaException">Refused, the node could not be reached in time, or the stream broke.</exception>
    public async IAsyncEnumerable<ResponseEvent> StreamResponseAsync(
        ResponseRequest request, string? idempotencyKey = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request with { Stream = true }, ClientJson.Default.ResponseRequest);
        using HttpResponseMessage answer = await _caller.SendAsync(
            HttpMethod.Post, "v1/responses", body, idempotencyKey ?? MintKey(), Task.FromResult, cancellation);
        await foreach (ResponseEvent item in ReadEventsAsync(
            answer, ClientJson.Default.ResponseEvent, static e => e.Type is "response.completed" or "response.incomplete" or "response.failed", cancellation))
            yield return item;
    }

    /// <summary>Reads a stored response.</summary>
    /// <exception cref="AstraeaException">There is none of that id, or the node could not be reached in time.</exception>
    public Task<Response> GetResponseAsync(string id, CancellationToken cancellation = default) =>
        CallAsync(
            HttpMethod.Get, $"v1/responses/{Uri.EscapeDataString(id)}", null, null, ClientJson.Default.Response,
            static (response, agent) => response with { AgentRequest = agent }, cancellation);

    /// <summary>History and receipt of an agent request.</summary>
    /// <exception cref="AstraeaException">There is none of that id, or the node could not be reached in time.</exception>
    public Task<AgentRequestReport> GetAgentRequestAsync(string id, CancellationToken cancellation = default) =>
        CallAsync(HttpMethod.Get, $"v1/astraea/requests/{Uri.EscapeDataString(id)}", null, null, ClientJson.Default.AgentRequestReport, null, cancellation);

    /// <summary>Queues and workers as they stand.</summary>
    /// <exception cref="AstraeaException">The node refused, or could not be reached in time.</exception>
    public Task<ClusterView> GetClusterAsync(CancellationToken cancellation = default) =>
        CallAsync(HttpMethod.Get, "v1/astraea/cluster", null, null, ClientJson.Default.ClusterView, null, cancellation);

    /// <summary>The models served.</summary>
    /// <exception cref="AstraeaException">The node refused, or could not be reached in time.</exception>
    public Task<ModelList> GetModelsAsync(CancellationToken cancellation = default) =>
        CallAsync(HttpMethod.Get, "v1/models", null, null, ClientJson.Default.ModelList, null, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> CallAsync<T>(
        HttpMethod method, string path, byte[]? body, string? idempotencyKey, JsonTypeInfo<T> type, Func<T, string?, T>? complete, CancellationToken cancellation)
    {
        string? key = body is null ? null : idempotencyKey ?? MintKey();
        return await _caller.SendAsync(method, path, body, key, ReadAsync, cancellation);

        async Task<T> ReadAsync(HttpResponseMessage answer)
        {
            using (answer)
            {
                try
                {
                    await using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation);
                    T value = await JsonSerializer.DeserializeAsync(stream, type, cancellation) ?? throw new AstraeaException($"{path} answered null.");
                    return complete is null ? value : complete(value, AgentOf(answer));
                }
                catch (JsonException e)
                {
                    throw new AstraeaException($"{path} answered something that is not understood: {e.Message}", e);
                }
            }
        }
    }

    private static async IAsyncEnumerable<T> ReadEventsAsync<T>(
        HttpResponseMessage answer, JsonTypeInfo<T> type, Func<T, bool> mayBeLast, [EnumeratorCancellation] CancellationToken cancellation)
    {
        bool mayEnd = false;
        await using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation);
        await using IAsyncEnumerator<SseItem<string>> events = SseParser.Create(stream).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            T value;
            try
            {
                if (!await events.MoveNextAsync())
                {
                    if (mayEnd)
                        yield break;
                    throw new AstraeaException("The stream ended before its last event. Send the call again with the same idempotency key.");
                }
                if (events.Current.Data == "[DONE]")
                    yield break;
                ThrowIfError(events.Current.Data);
                value = JsonSerializer.Deserialize(events.Current.Data, type) ?? throw new AstraeaException("An event of the stream is null.");
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new AstraeaException("The stream broke. Send the call again with the same idempotency key.", e);
            }
            catch (JsonException e)
            {
                throw new AstraeaException($"An event of the stream is not understood: {e.Message}", e);
            }
            mayEnd = mayBeLast(value);
            yield return value;
        }
    }

    // Once a stream has begun the status is 200 for good; a failure then comes as an event with an `error` object.
    private static void ThrowIfError(string data)
    {
        if (!data.Contains("\"error\"", StringComparison.Ordinal))
            return;
        using JsonDocument document = JsonDocument.Parse(data);
        if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out JsonElement error)
            && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out JsonElement message))
            throw new AstraeaException(message.ToString());
    }

    private static string? AgentOf(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues(AgentRequestHeader, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private static string MintKey() => Guid.NewGuid().ToString("N");
}
