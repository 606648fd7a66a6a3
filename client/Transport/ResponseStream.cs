using System.Runtime.CompilerServices;
using Astraea.Client.Wire;

namespace Astraea.Client.Transport;

/// <summary>
/// Reads one response to its end, over as many connections as that takes. Sequence numbers make sure that nothing comes twice and that nothing is missing.
/// </summary>
internal sealed class ResponseStream(Caller caller, AstraeaClientOptions options)
{
    /// <summary>Codes of errors that end a connection and not the response.</summary>
    private static readonly string[] Passing = ["server_draining", "unavailable"];

    /// <summary>Reads a response that a POST begins.</summary>
    public IAsyncEnumerable<ResponseEvent> CreateAsync(byte[] body, string idempotencyKey, CancellationToken cancellation) =>
        ReadAsync(new Call(HttpMethod.Post, "v1/responses", body, idempotencyKey), null, -1, cancellation);

    /// <summary>Reads a stored response behind a sequence number; −1 reads all of it.</summary>
    public IAsyncEnumerable<ResponseEvent> ResumeAsync(string id, int after, CancellationToken cancellation) => ReadAsync(null, id, after, cancellation);

    private async IAsyncEnumerable<ResponseEvent> ReadAsync(Call? create, string? id, int last, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long? away = null;
        for (int breaks = 0; ; breaks++)
        {
            TimeSpan left = away is { } since ? options.RetryFor - options.Clock.GetElapsedTime(since) : options.RetryFor;
            // A break before the first event: the same key joins the response that the first try began.
            OpenAnswer answer = await caller.OpenAsync(id is null ? create! : Rest(id, last), left, cancellation);
            long opened = options.Clock.GetTimestamp();
            AstraeaException failure;
            await using (EventReader<ResponseEvent> events = await EventReader<ResponseEvent>.StartAsync(answer, ClientJson.Default.ResponseEvent, options, cancellation))
            {
                StreamItem<ResponseEvent> item;
                while ((item = await events.NextAsync()) is StreamItem<ResponseEvent>.Value { Event: { } happened })
                {
                    if (happened.SequenceNumber <= last)
                        continue;
                    if (happened.SequenceNumber != last + 1)
                        throw new AstraeaException($"Event {happened.SequenceNumber} of the stream followed event {last}: there is a gap.");
                    last = happened.SequenceNumber;
                    id ??= happened.Response?.Id;
                    (away, breaks) = (null, 0);
                    yield return happened;
                    if (happened.Type is "response.completed" or "response.incomplete" or "response.failed")
                        yield break;
                }
                failure = item switch
                {
                    StreamItem<ResponseEvent>.Error { Failure: { } error } => Passing.Contains(error.Code) ? error : throw error,
                    StreamItem<ResponseEvent>.Broken broken => broken.Failure,
                    _ => new AstraeaException("The stream ended before its last event. Send the call again with the same idempotency key."),
                };
                caller.Leave(events.Endpoint);
            }
            // A connection that held for so long was a good one, even if there was nothing to say.
            if (away is null || options.Clock.GetElapsedTime(opened) >= options.RetryFor)
                away = options.Clock.GetTimestamp();
            TimeSpan pause = breaks < caller.EndpointCount - 1 ? TimeSpan.Zero : RetryRules.OwnPause(options, breaks - caller.EndpointCount + 2);
            if (options.Clock.GetElapsedTime(away.Value) + pause >= options.RetryFor)
                throw failure;
            await Task.Delay(pause, options.Clock, cancellation);
        }
    }

    private static Call Rest(string id, int last) =>
        new(HttpMethod.Get, $"v1/responses/{Uri.EscapeDataString(id)}?stream=true{(last < 0 ? "" : $"&starting_after={last}")}");
}
