using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Astraea.Client.Agents;
using Astraea.Client.Transport;
using Astraea.Client.Wire;
using Astraea.Core.Scheduling;

namespace Astraea.Client;

/// <summary>A node, or a cluster behind its gateways, over HTTP. Thread-safe; keep one for the life of the program.</summary>
/// <remarks>
/// <see cref="IAgentClient"/> is the way to run agents. The other methods are the wire as it is. Every POST carries an idempotency key and is repeated while
/// the server is away (<see cref="AstraeaClientOptions.RetryFor"/>): it happens once.
/// </remarks>
public sealed partial class AstraeaClient : IAgentClient, IDisposable
{
    private const string AgentRequestHeader = "x-astraea-request-id";

    private readonly HttpClient _http;
    private readonly AstraeaClientOptions _options;
    private readonly Caller _caller;
    private readonly ResponseStream _responses;

    /// <summary>Connects to an address with an API key.</summary>
    public AstraeaClient(Uri endpoint, string? apiKey = null) : this(new AstraeaClientOptions { Endpoint = endpoint, ApiKey = apiKey }) { }

    /// <summary>Connects as the options say.</summary>
    /// <exception cref="ArgumentException">The options name no endpoint.</exception>
    public AstraeaClient(AstraeaClientOptions options)
    {
        EndpointRing ring = new(options.Endpoints);
        SocketsHttpHandler handler = new() { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = options.ConnectTimeout };
        // Model calls take as long as they take; callers cancel by token.
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _options = options;
        _caller = new Caller(_http, ring, options);
        _responses = new ResponseStream(_caller, options);
    }

    /// <summary>One chat completion, whole.</summary>
    /// <param name="request">What is asked. Echo the assistant's tool calls and add their results to continue the same agent request.</param>
    /// <param name="idempotencyKey">Names this exchange; null mints one, which covers repeats inside this call only.</param>
    /// <param name="cancellation">Gives up waiting; the node cancels the request when nobody reads.</param>
    /// <exception cref="AstraeaException">Refused, or the node could not be reached in time.</exception>
    public async Task<ChatCompletion> CompleteChatAsync(ChatRequest request, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request with { Stream = null, StreamOptions = null }, ClientJson.Default.ChatRequest);
        return await PostAsync(
            "v1/chat/completions", body, idempotencyKey, ClientJson.Default.ChatCompletion,
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
        OpenAnswer answer = await _caller.OpenAsync(
            new Call(HttpMethod.Post, "v1/chat/completions", body, idempotencyKey ?? MintKey()), _options.RetryFor, cancellation);
        string? agent = AgentOf(answer.Message);
        await using EventReader<ChatChunk> chunks = await EventReader<ChatChunk>.StartAsync(answer, ClientJson.Default.ChatChunk, _options, cancellation);
        while (true)
        {
            switch (await chunks.NextAsync())
            {
                case StreamItem<ChatChunk>.Value { Event: { } chunk }:
                    yield return chunk with { AgentRequest = agent };
                    break;
                case StreamItem<ChatChunk>.Error { Failure: { } failure }:
                    throw failure;
                case StreamItem<ChatChunk>.Broken { Failure: { } failure }:
                    throw failure;
                default:
                    yield break;
            }
        }
    }

    /// <summary>One response, whole; a background one as it stands when it was accepted.</summary>
    /// <param name="request">What is asked; <see cref="ResponseRequest.PreviousResponseId"/> goes on from an earlier one.</param>
    /// <param name="idempotencyKey">Names this exchange; null mints one, which covers repeats inside this call only.</param>
    /// <param name="cancellation">Gives up waiting; the node cancels the request when nobody reads.</param>
    /// <exception cref="AstraeaException">Refused, or the node could not be reached in time.</exception>
    public async Task<Response> CreateResponseAsync(ResponseRequest request, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request with { Stream = null }, ClientJson.Default.ResponseRequest);
        return await PostAsync("v1/responses", body, idempotencyKey, ClientJson.Default.Response, WithAgent, cancellation);
    }

    /// <summary>One response, event by event. A connection that breaks is replaced by another, at the next endpoint, and the stream goes on behind its last event.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="idempotencyKey">Names this exchange; the same key replays it from the start.</param>
    /// <param name="cancellation">Ends the stream; unless it is a background one, the node cancels the request when nobody reads.</param>
    /// <exception cref="AstraeaException">Refused, the node could not be reached in time, or an event is missing.</exception>
    public IAsyncEnumerable<ResponseEvent> StreamResponseAsync(ResponseRequest request, string? idempotencyKey = null, CancellationToken cancellation = default) =>
        _responses.CreateAsync(
            JsonSerializer.SerializeToUtf8Bytes(request with { Stream = true }, ClientJson.Default.ResponseRequest), idempotencyKey ?? MintKey(), cancellation);

    /// <summary>A stored response, event by event: live, or replayed after its end. Survives broken connections as <see cref="StreamResponseAsync"/> does.</summary>
    /// <param name="id">The response.</param>
    /// <param name="startingAfter">Sequence number of the last event that is known; −1 reads from the start.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="AstraeaException">There is none of that id, the node could not be reached in time, or an event is missing.</exception>
    public IAsyncEnumerable<ResponseEvent> ResumeResponseAsync(string id, int startingAfter = -1, CancellationToken cancellation = default) =>
        _responses.ResumeAsync(id, startingAfter, cancellation);

    /// <summary>Reads a stored response.</summary>
    /// <exception cref="AstraeaException">There is none of that id, or the node could not be reached in time.</exception>
    public Task<Response> GetResponseAsync(string id, CancellationToken cancellation = default) =>
        GetAsync($"v1/responses/{Uri.EscapeDataString(id)}", ClientJson.Default.Response, WithAgent, cancellation);

    /// <summary>Cancels a response that has not ended, and with it its agent request.</summary>
    /// <returns>The response as it then stands.</returns>
    /// <exception cref="AstraeaException">There is none of that id, it has ended otherwise, or the node could not be reached in time.</exception>
    public Task<Response> CancelResponseAsync(string id, CancellationToken cancellation = default) =>
        PostAsync($"v1/responses/{Uri.EscapeDataString(id)}/cancel", null, null, ClientJson.Default.Response, WithAgent, cancellation);

    /// <summary>History and receipt of an agent request.</summary>
    /// <exception cref="AstraeaException">There is none of that id, or the node could not be reached in time.</exception>
    public Task<AgentRequestReport> GetAgentRequestAsync(string id, CancellationToken cancellation = default) =>
        GetAsync(AgentRequestPath(id), ClientJson.Default.AgentRequestReport, null, cancellation);

    /// <summary>Queues and workers as they stand.</summary>
    /// <exception cref="AstraeaException">The node refused, or could not be reached in time.</exception>
    public Task<ClusterView> GetClusterAsync(CancellationToken cancellation = default) =>
        GetAsync("v1/astraea/cluster", ClientJson.Default.ClusterView, null, cancellation);

    /// <summary>The models served.</summary>
    /// <exception cref="AstraeaException">The node refused, or could not be reached in time.</exception>
    public Task<ModelList> GetModelsAsync(CancellationToken cancellation = default) => GetAsync("v1/models", ClientJson.Default.ModelList, null, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, Func<T, string?, T>? complete, CancellationToken cancellation) =>
        SendAsync(new Call(HttpMethod.Get, path), type, complete, cancellation);

    private Task<T> PostAsync<T>(
        string path, byte[]? body, string? idempotencyKey, JsonTypeInfo<T> type, Func<T, string?, T>? complete, CancellationToken cancellation) =>
        SendAsync(new Call(HttpMethod.Post, path, body, idempotencyKey ?? MintKey()), type, complete, cancellation);

    private Task<T> SendAsync<T>(Call call, JsonTypeInfo<T> type, Func<T, string?, T>? complete, CancellationToken cancellation)
    {
        return _caller.SendAsync(call, ReadAsync, _options.RetryFor, cancellation);

        async Task<T> ReadAsync(OpenAnswer answer)
        {
            using (answer)
            {
                try
                {
                    await using Stream stream = await answer.Message.Content.ReadAsStreamAsync(cancellation);
                    T value = await JsonSerializer.DeserializeAsync(stream, type, cancellation) ?? throw new AstraeaException($"{call.Path} answered null.");
                    return complete is null ? value : complete(value, AgentOf(answer.Message));
                }
                catch (JsonException e)
                {
                    throw new AstraeaException($"{call.Path} answered something that is not understood: {e.Message}", e);
                }
            }
        }
    }

    private static Response WithAgent(Response response, string? agent) => response with { AgentRequest = agent };

    private static string AgentRequestPath(string id) => $"v1/astraea/requests/{Uri.EscapeDataString(id)}";

    private static string? AgentOf(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues(AgentRequestHeader, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private static string MintKey() => Guid.NewGuid().ToString("N");
}
