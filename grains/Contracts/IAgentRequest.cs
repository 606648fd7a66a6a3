using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Contracts;

/// <summary>One agent request, wherever it lives. Each method is one message to its machine.</summary>
/// <remarks>Callers retry on <see cref="AgentUnavailableException"/>: every method is idempotent.</remarks>
public interface IAgentRequest
{
    /// <summary>Begins the request, or joins the equal one that is there.</summary>
    Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation);

    /// <summary>Brings tool results; the next segment becomes ready.</summary>
    Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation);

    /// <summary>Ends the request unless it has ended.</summary>
    Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation);

    /// <summary>A worker's side: start, report, end, return, fail a segment, or say where KV went.</summary>
    Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation);

    /// <summary>Reads history behind a cursor; waits up to <paramref name="wait"/> when there is nothing new.</summary>
    /// <param name="after">Version of the last event the reader has; 0 reads from the start.</param>
    /// <param name="max">Events at most.</param>
    /// <param name="wait">How long to wait for the first new event.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation);
}

/// <summary>Finds agent requests by id. A request that was never submitted answers with an empty history.</summary>
public interface IAgentRequests
{
    /// <summary>The request of that id.</summary>
    IAgentRequest Get(RequestId id);
}

/// <summary>The scheduler of one pool.</summary>
public interface IClusterScheduler
{
    /// <summary>Takes in a picture of an agent request.</summary>
    Task TellAsync(RequestStatus status, CancellationToken cancellation);

    /// <summary>A worker asks for work; parked up to <paramref name="wait"/> when there is none.</summary>
    Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation);

    /// <summary>Queues and workers as they stand.</summary>
    Task<ClusterView> ViewAsync(CancellationToken cancellation);
}

/// <summary>A piece of history.</summary>
/// <param name="Events">Events in order, each with its version.</param>
/// <param name="Phase">Where the request stands now.</param>
/// <param name="Version">Version of the newest event there is.</param>
public sealed record HistoryPage(ImmutableArray<RecordedEvent> Events, RequestPhase Phase, long Version);

/// <summary>An event with its place in the history.</summary>
/// <param name="Version">From 1, without gaps.</param>
/// <param name="Event">What happened.</param>
public sealed record RecordedEvent(long Version, RequestEvent Event);

/// <summary>The request, its store or its silo cannot answer now; the same call may be sent again.</summary>
public sealed class AgentUnavailableException : Exception
{
    /// <summary>Says what could not answer.</summary>
    public AgentUnavailableException(string message) : base(message) { }

    /// <summary>Says what could not answer, and why.</summary>
    public AgentUnavailableException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public AgentUnavailableException() { }
}
