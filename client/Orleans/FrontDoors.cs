using System.Net;
using Astraea.Contracts.FrontDoor;
using Astraea.Grains.Orleans.Contracts;

namespace Astraea.Client.Orleans;

/// <summary>Calls to the front doors of a cluster, repeated while that makes sense.</summary>
internal sealed class FrontDoors(IGrainFactory grains, OrleansClientOptions options)
{
    /// <summary>Keys that calls are spread over. Each goes by one connection while that stands, so that a run finds the fold it left behind.</summary>
    private const int Keys = 64;

    /// <summary>The key every call carries.</summary>
    public ApiKey ApiKey { get; } = new(options.ApiKey);

    /// <summary>How long a read waits for something new.</summary>
    public TimeSpan ReadWait => options.ReadWait;

    /// <summary>Sends until there is an answer, a refusal that stays, or no time left.</summary>
    /// <param name="about">What the call is about: calls about the same go to the same silo while that works.</param>
    /// <param name="call">The call; idempotent. Its token also ends a try that got lost with its silo.</param>
    /// <param name="cancellation">Ends tries and pauses.</param>
    /// <param name="held">How long the front door may hold the call because it was asked to.</param>
    /// <exception cref="AstraeaException">Refused, or no silo could be reached in time.</exception>
    public async Task<T> CallAsync<T>(
        string about, Func<IAgentFrontDoor, CancellationToken, Task<FrontDoorReply>> call, CancellationToken cancellation, TimeSpan held = default)
        where T : FrontDoorReply
    {
        long start = options.Clock.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            AstraeaException failure;
            using CancellationTokenSource limit = new(options.CallLimit + held, options.Clock);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
            try
            {
                // Another try may come in by another gateway.
                FrontDoorReply reply = await call(grains.GetGrain<IAgentFrontDoorGrain>((KeyOf(about) + attempt) % Keys), either.Token);
                if (reply is T wanted)
                    return wanted;
                failure = reply is FrontDoorReply.Refused refused
                    ? new AstraeaException((HttpStatusCode)refused.Status, refused.Message, refused.Code, refused.Param)
                    : new AstraeaException($"The front door answered with {reply.GetType().Name}.");
                if (reply is not FrontDoorReply.Refused { MayRetry: true })
                    throw failure;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
            {
                failure = new AstraeaException($"The cluster cannot be reached: {e.Message}", e);
            }
            catch (Exception e) when (e is not AstraeaException)
            {
                throw new AstraeaException($"The call could not be made: {e.Message}", e);
            }
            TimeSpan pause = Pause(attempt);
            if (options.Clock.GetElapsedTime(start) + pause > options.RetryFor)
                throw failure;
            await Task.Delay(pause, options.Clock, cancellation);
        }
    }

    private TimeSpan Pause(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(options.RetryPause.TotalSeconds * Math.Pow(2, Math.Min(attempt, 30)), options.RetryPauseMax.TotalSeconds));

    private static int KeyOf(string about)
    {
        uint sum = 0;
        foreach (char c in about)
            sum = (sum * 31) + c;
        return (int)(sum % Keys);
    }
}
