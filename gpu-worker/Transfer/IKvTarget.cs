namespace Astraea.Worker.Transfer;

/// <summary>Who takes KV of other workers in.</summary>
public interface IKvTarget
{
    /// <summary>Takes one move; the ticket decides.</summary>
    /// <param name="ticket">As signed by the scheduler.</param>
    /// <param name="body">Head and blocks.</param>
    /// <param name="cancellation">The sender is gone.</param>
    Task<KvReceived> ReceiveKvAsync(string ticket, Stream body, CancellationToken cancellation);
}
