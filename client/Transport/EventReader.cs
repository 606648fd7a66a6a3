using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Astraea.Client.Wire;

namespace Astraea.Client.Transport;

/// <summary>What comes next in a stream.</summary>
internal abstract record StreamItem<T>
{
    /// <summary>An event.</summary>
    public sealed record Value(T Event) : StreamItem<T>;

    /// <summary>The server says that it cannot go on.</summary>
    public sealed record Error(AstraeaException Failure) : StreamItem<T>;

    /// <summary>The stream broke, or ended without its last line.</summary>
    public sealed record Broken(AstraeaException Failure) : StreamItem<T>;

    /// <summary>The last line has come.</summary>
    public sealed record Done : StreamItem<T>;
}

/// <summary>Reads the events of one streamed answer.</summary>
internal sealed class EventReader<T> : IAsyncDisposable
{
    private readonly OpenAnswer _answer;
    private readonly JsonTypeInfo<T> _type;
    private readonly SilenceLimit _body;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private EventReader(OpenAnswer answer, JsonTypeInfo<T> type, SilenceLimit body, CancellationToken cancellation)
    {
        _answer = answer;
        _type = type;
        _body = body;
        _events = SseParser.Create(body).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
    }

    /// <summary>Takes an answer over.</summary>
    public static async Task<EventReader<T>> StartAsync(OpenAnswer answer, JsonTypeInfo<T> type, AstraeaClientOptions options, CancellationToken cancellation)
    {
        try
        {
            Stream body = await answer.Message.Content.ReadAsStreamAsync(cancellation);
            return new EventReader<T>(answer, type, new SilenceLimit(body, options.StreamSilenceMax, options.Clock), cancellation);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Who answers.</summary>
    public Uri Endpoint => _answer.Endpoint;

    /// <summary>The next item; nothing is to be read behind one that is no event.</summary>
    /// <exception cref="AstraeaException">An event is not understood.</exception>
    public async Task<StreamItem<T>> NextAsync()
    {
        try
        {
            if (!await _events.MoveNextAsync())
                return Broken("The stream ended before its last event.");
            string data = _events.Current.Data;
            if (data == "[DONE]")
                return new StreamItem<T>.Done();
            return ErrorIn(data) is { } error
                ? new StreamItem<T>.Error(error)
                : new StreamItem<T>.Value(JsonSerializer.Deserialize(data, _type) ?? throw new AstraeaException("An event of the stream is null."));
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return Broken("The stream broke.", e);
        }
        catch (JsonException e)
        {
            throw new AstraeaException($"An event of the stream is not understood: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _events.DisposeAsync();
        await _body.DisposeAsync();
        _answer.Dispose();
    }

    private static StreamItem<T>.Broken Broken(string message, Exception? cause = null)
    {
        message += " Send the call again with the same idempotency key.";
        return new StreamItem<T>.Broken(cause is null ? new AstraeaException(message) : new AstraeaException(message, cause));
    }

    // Once a stream has begun the status is 200 for good; a failure then comes as an event with an `error` object.
    private static AstraeaException? ErrorIn(string data)
    {
        if (!data.Contains("\"error\"", StringComparison.Ordinal))
            return null;
        using JsonDocument document = JsonDocument.Parse(data);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("error", out JsonElement error)
            || error.ValueKind != JsonValueKind.Object || error.Deserialize(ClientJson.Default.ErrorDetail) is not { Message: { } message } detail)
            return null;
        return AstraeaException.InStream(message, detail.Code, detail.Param);
    }
}
