using Astraea.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace Astraea.Grains.Activations;

internal static partial class ActivationLog
{
    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Request {Request} names pool {Pool}, which has no scheduler here")]
    public static partial void NoScheduler(ILogger log, RequestId request, PoolId pool);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Information, Message = "Scheduler of pool {Pool} began epoch {Epoch} with {Live} live requests after {Took}")]
    public static partial void SchedulerStarted(ILogger log, PoolId pool, long epoch, int live, TimeSpan took);

    [LoggerMessage(EventId = 2105, Level = LogLevel.Warning, Message = "A sweep of pool {Pool} failed; the next one follows")]
    public static partial void SweepFailed(ILogger log, PoolId pool, Exception fault);

    [LoggerMessage(EventId = 2106, Level = LogLevel.Warning, Message = "Request {Request} is due and could not be woken; it is tried again")]
    public static partial void NotWoken(ILogger log, RequestId request, Exception fault);
}
