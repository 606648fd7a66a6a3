using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Draining;
using Astraea.Gateway.Streaming;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Exchanges;

/// <summary>Calls to agent requests that sit out a short outage: every call is idempotent, so it is simply sent again.</summary>
internal sealed class AgentCalls(IAgentRequests requests, GatewayDrain drain, IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Events in one page at most.</summary>
    public const int PageEventsMax = 1024;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(1);

    private TimeSpan AcceptPatience => TimeSpan.FromMilliseconds(options.Value.UnavailableAcceptMs);

    private TimeSpan ReadPatience => TimeSpan.FromMilliseconds(options.Value.UnavailableReadMs);

    private TimeSpan ReadWait => TimeSpan.FromSeconds(options.Value.ReadWaitSeconds);

    // Accepting does not end with its client: whether the message was heard would then be unknown, and a cancel could overtake it.
    public Task<RequestReply> SubmitAsync(RequestId id, RequestMessage.Submit message) =>
        PatientlyAsync(AcceptPatience, c => requests.Get(id).SubmitAsync(message, c), CancellationToken.None);

    public Task<RequestReply> PostToolResultsAsync(RequestId id, RequestMessage.PostToolResults message) =>
        PatientlyAsync(AcceptPatience, c => requests.Get(id).PostToolResultsAsync(message, c), CancellationToken.None);

    public Task<RequestReply> CancelAsync(RequestId id, string reason) =>
        PatientlyAsync(AcceptPatience, c => requests.Get(id).CancelAsync(new RequestMessage.Cancel(reason), c), CancellationToken.None);

    /// <summary>The next page behind a cursor; waits for it as long as the caller wants, within what any reader may.</summary>
    public Task<HistoryPage> WaitAsync(RequestId id, long after, TimeSpan wait, CancellationToken cancellation)
    {
        TimeSpan held = wait < TimeSpan.Zero ? TimeSpan.Zero : wait < ReadWait ? wait : ReadWait;
        return PatientlyAsync(AcceptPatience, c => requests.Get(id).ReadAsync(after, PageEventsMax, held, c), cancellation);
    }

    /// <summary>The next page behind a cursor; waits for it, and comes back empty now and then.</summary>
    public Task<HistoryPage> FollowAsync(RequestId id, long after, CancellationToken cancellation) =>
        PatientlyAsync(ReadPatience, c => requests.Get(id).ReadAsync(after, PageEventsMax, ReadWait, c), cancellation);

    /// <summary>A page that is there already.</summary>
    /// <param name="id">Whose history.</param>
    /// <param name="after">Version of the last event known.</param>
    /// <param name="max">Events at most.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <param name="asReader">Whether to be as patient with an outage as those who read already.</param>
    public Task<HistoryPage> LookAsync(RequestId id, long after, int max, CancellationToken cancellation, bool asReader = false) =>
        PatientlyAsync(asReader ? ReadPatience : AcceptPatience, c => requests.Get(id).ReadAsync(after, max, TimeSpan.Zero, c), cancellation);

    /// <summary>The history as it stands, if the request exists and belongs to the tenant; else null.</summary>
    public async Task<RequestHistory?> LoadAsync(RequestId id, TenantId tenant, CancellationToken cancellation, bool asReader = false)
    {
        List<RecordedEvent> events = [];
        while (true)
        {
            HistoryPage page = await LookAsync(id, events.Count == 0 ? 0 : events[^1].Version, PageEventsMax, cancellation, asReader);
            events.AddRange(page.Events);
            if (events.Count == 0 || events[0].Event is not RequestEvent.Submitted submitted || submitted.Tenant != tenant)
                return null;
            if (page.Events.IsEmpty || events[^1].Version >= page.Version)
                return new RequestHistory(id, submitted, events, page.Phase);
        }
    }

    private async Task<T> PatientlyAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        TimeSpan delay = FirstDelay;
        while (true)
        {
            try
            {
                return await call(cancellation);
            }
            catch (AgentUnavailableException)
            {
                if (drain.Deadline.IsCancellationRequested)
                    throw ApiError.Draining("This node is shutting down and could not reach the request; send the call to another one.").Raise();
                if (time.GetElapsedTime(began) + delay > patience)
                    throw ApiError.Unavailable("The request cannot be reached at the moment; try again.").Raise();
            }
            await Task.Delay(delay, time, cancellation);
            delay = delay * 2 < DelayMax ? delay * 2 : DelayMax;
        }
    }
}

/// <summary>A history as it stood when it was read.</summary>
internal sealed record RequestHistory(RequestId Id, RequestEvent.Submitted Submitted, IReadOnlyList<RecordedEvent> Events, RequestPhase Phase)
{
    /// <summary>Folds it into its conversation.</summary>
    public TranscriptFold Transcript(Contracts.Text.IModelText text)
    {
        TranscriptFold transcript = new(Id, text);
        foreach (RecordedEvent recorded in Events)
            transcript.Apply(recorded);
        return transcript;
    }
}
