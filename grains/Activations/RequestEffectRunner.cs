using Astraea.Contracts;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Activations;

/// <summary>Runs what agent requests owe: pictures for the scheduler, and waking.</summary>
internal sealed class RequestEffectRunner(Func<PoolId, IClusterScheduler?> schedulers, DriverEnvironment environment)
    : IEffectRunner<AgentRequestState, RequestMessage, RequestReply, RequestEffect>
{
    // Timers take at most about 49 days; a wait is cut into pieces long before.
    private static readonly TimeSpan s_pieceMax = TimeSpan.FromHours(1);

    public Task RunAsync(
        AgentRequestState state, RequestEffect effect, Func<RequestMessage, CancellationToken, Task<RequestReply>> post, CancellationToken cancellation) =>
        effect switch
        {
            RequestEffect.TellScheduler tell => TellAsync(tell, state.ToStatus(), cancellation),
            RequestEffect.WakeAt wake => WakeAsync(wake.At, post, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(effect), effect, "No such effect."),
        };

    private Task TellAsync(RequestEffect.TellScheduler tell, RequestStatus picture, CancellationToken cancellation)
    {
        if (schedulers(tell.Pool) is { } scheduler)
            return scheduler.TellAsync(picture, cancellation);
        ActivationLog.NoScheduler(environment.Log, picture.Request, tell.Pool);
        return Task.CompletedTask;
    }

    /// <summary>Wakes again and again until the machine owes no waking: the wall clock may have been set back in between.</summary>
    private async Task WakeAsync(Instant at, Func<RequestMessage, CancellationToken, Task<RequestReply>> post, CancellationToken cancellation)
    {
        while (true)
        {
            TimeSpan left = at - Instant.From(environment.Time.GetUtcNow());
            if (left > TimeSpan.Zero)
            {
                // Timers count whole milliseconds: rounded down, the last piece would be a busy wait.
                TimeSpan piece = left < s_pieceMax ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : s_pieceMax;
                await Task.Delay(piece, environment.Time, cancellation);
                continue;
            }
            await post(new RequestMessage.Wake(), cancellation);
            await Task.Delay(environment.RetryAfter, environment.Time, cancellation);
        }
    }
}
