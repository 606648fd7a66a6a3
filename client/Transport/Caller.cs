using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Astraea.Client.Wire;

namespace Astraea.Client.Transport;

/// <summary>Sends one call and repeats it while that makes sense.</summary>
internal sealed class Caller(HttpClient http, AstraeaClientOptions options)
{
    /// <summary>Sends until there is a success, an error that stays, or no time left.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="path">Path below the endpoint.</param>
    /// <param name="body">JSON body, or null.</param>
    /// <param name="idempotencyKey">Same key on every try; required with a body.</param>
    /// <param name="read">Takes what is wanted from a successful answer; a connection that breaks meanwhile is a failed try. Disposes the answer, or hands it on.</param>
    /// <param name="cancellation">Ends tries and pauses.</param>
    /// <exception cref="AstraeaException">The server refused, or could not be reached in time.</exception>
    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, byte[]? body, string? idempotencyKey, Func<HttpResponseMessage, Task<T>> read, CancellationToken cancellation)
    {
        long start = options.Clock.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            AstraeaException failure;
            try
            {
                using HttpRequestMessage request = Build(method, path, body, idempotencyKey);
                HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
                if (answer.IsSuccessStatusCode)
                    return await read(answer);
                using (answer)
                {
                    failure = await ReadErrorAsync(answer, cancellation);
                    if (!RetryRules.IsWorthRepeating(answer.StatusCode, answer.Headers))
                        throw failure;
                    asked = RetryRules.AskedPause(answer.Headers, options.Clock.GetUtcNow());
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                failure = new AstraeaException($"{options.Endpoint} cannot be reached: {e.Message}", e);
            }
            TimeSpan pause = asked ?? RetryRules.OwnPause(options, attempt);
            if (options.Clock.GetElapsedTime(start) + pause > options.RetryFor)
                throw failure;
            await Task.Delay(pause, options.Clock, cancellation);
        }
    }

    private HttpRequestMessage Build(HttpMethod method, string path, byte[]? body, string? idempotencyKey)
    {
        HttpRequestMessage request = new(method, new Uri(options.Endpoint, path));
        if (options.ApiKey is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
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
