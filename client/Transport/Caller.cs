using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Astraea.Client.Wire;

namespace Astraea.Client.Transport;

/// <summary>What is sent, the same on every try.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">Path below the endpoint.</param>
/// <param name="Body">JSON body, or null.</param>
/// <param name="IdempotencyKey">Key of a POST with a body.</param>
internal sealed record Call(HttpMethod Method, string Path, byte[]? Body = null, string? IdempotencyKey = null);

/// <summary>A successful answer whose body is still to be read, and who gave it.</summary>
internal sealed record OpenAnswer(HttpResponseMessage Message, Uri Endpoint) : IDisposable
{
    public void Dispose() => Message.Dispose();
}

/// <summary>Sends one call and repeats it while that makes sense: at the next endpoint when one is away, after a pause when all are.</summary>
internal sealed class Caller(HttpClient http, EndpointRing ring, AstraeaClientOptions options)
{
    public int EndpointCount => ring.Count;

    /// <summary>Sends until an answer begins.</summary>
    /// <inheritdoc cref="SendAsync"/>
    public Task<OpenAnswer> OpenAsync(Call call, TimeSpan retryFor, CancellationToken cancellation) => SendAsync(call, Task.FromResult, retryFor, cancellation);

    /// <summary>Sends until there is a success, an error that stays, or no time left.</summary>
    /// <param name="call">What is sent.</param>
    /// <param name="read">Takes what is wanted from a successful answer; a connection that breaks meanwhile is a failed try. Disposes the answer, or hands it on.</param>
    /// <param name="retryFor">Time for all tries.</param>
    /// <param name="cancellation">Ends tries and pauses.</param>
    /// <exception cref="AstraeaException">The server refused, or could not be reached in time.</exception>
    public async Task<T> SendAsync<T>(Call call, Func<OpenAnswer, Task<T>> read, TimeSpan retryFor, CancellationToken cancellation)
    {
        long start = options.Clock.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            AstraeaException failure;
            Uri endpoint = ring.Current;
            bool away = true;
            try
            {
                using HttpRequestMessage request = Build(endpoint, call);
                HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
                if (answer.IsSuccessStatusCode)
                    return await read(new OpenAnswer(answer, endpoint));
                using (answer)
                {
                    failure = await ReadErrorAsync(answer, cancellation);
                    if (!RetryRules.IsWorthRepeating(answer.StatusCode, answer.Headers))
                        throw failure;
                    asked = RetryRules.AskedPause(answer.Headers, options.Clock.GetUtcNow());
                    away = RetryRules.IsAway(answer.StatusCode);
                }
            }
            // A connection that cannot be made in time comes as a cancellation of the handler's own.
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                failure = new AstraeaException($"{endpoint} cannot be reached: {e.Message}", e);
            }
            if (away)
                ring.Leave(endpoint);
            TimeSpan elapsed = options.Clock.GetElapsedTime(start);
            if (away && attempt < ring.Count)
                continue;
            TimeSpan pause = away && attempt % ring.Count != 0 ? TimeSpan.Zero : asked ?? RetryRules.OwnPause(options, (attempt - 1) / ring.Count + 1);
            if (elapsed + pause > retryFor)
                throw failure;
            await Task.Delay(pause, options.Clock, cancellation);
        }
    }

    /// <summary>The endpoint broke off, or sends its clients away: later calls go to the next one.</summary>
    public void Leave(Uri endpoint) => ring.Leave(endpoint);

    private HttpRequestMessage Build(Uri endpoint, Call call)
    {
        HttpRequestMessage request = new(call.Method, new Uri(endpoint, call.Path));
        if (options.ApiKey is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (call.IdempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", call.IdempotencyKey);
        if (call.Body is not null)
        {
            request.Content = new ByteArrayContent(call.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return request;
    }

    private static async Task<AstraeaException> ReadErrorAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        ErrorDetail? error = null;
        try
        {
            await using Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
            error = (await JsonSerializer.DeserializeAsync(body, ClientJson.Default.ErrorBody, cancellation))?.Error;
        }
        catch (JsonException)
        {
            // Not ours: something between client and node answered. The status says enough.
        }
        string? trace = answer.Headers.TryGetValues("x-request-id", out IEnumerable<string>? ids) ? ids.FirstOrDefault() : null;
        HttpStatusCode status = answer.StatusCode;
        return new AstraeaException(status, error?.Message ?? $"HTTP {(int)status} {answer.ReasonPhrase}", error?.Code, error?.Param, trace);
    }
}
