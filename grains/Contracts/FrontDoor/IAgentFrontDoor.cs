namespace Astraea.Contracts.FrontDoor;

/// <summary>
/// What a caller without a tokenizer needs of a cluster: it hands in words and reads words. A front door stands on every gateway; none keeps anything that
/// another one could not find in the history, so any call of a run may go to any of them.
/// </summary>
/// <remarks>
/// Every call carries an API key and is answered for its tenant only, as over HTTP. Every call is idempotent: send it again after
/// <see cref="AgentUnavailableException"/>, or whatever the transport throws instead, and after a <see cref="FrontDoorReply.Refused"/> that says so.
/// </remarks>
public interface IAgentFrontDoor
{
    /// <summary>Begins a run. Answered with Accepted once it is durable, or Refused.</summary>
    Task<FrontDoorReply> SubmitAsync(FrontDoorCall.Submit call, CancellationToken cancellation);

    /// <summary>Brings the results of the calls an exchange ended with. Answered with Accepted, which names the next exchange, or Refused.</summary>
    Task<FrontDoorReply> PostToolResultsAsync(FrontDoorCall.PostToolResults call, CancellationToken cancellation);

    /// <summary>Reads an exchange behind a cursor; waits a while when there is nothing new. Answered with Updates, perhaps empty, or Refused.</summary>
    Task<FrontDoorReply> ReadAsync(FrontDoorCall.Read call, CancellationToken cancellation);

    /// <summary>Ends a run unless it has ended. Answered with Ended, or Refused.</summary>
    Task<FrontDoorReply> CancelAsync(FrontDoorCall.Cancel call, CancellationToken cancellation);

    /// <summary>Reads the history of a run, page by page. Answered with History, or Refused.</summary>
    Task<FrontDoorReply> ReadHistoryAsync(FrontDoorCall.ReadHistory call, CancellationToken cancellation);
}
