using Astraea.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace Astraea.Grains.Local;

internal static partial class LocalLog
{
    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Recovered {Count} live requests")]
    public static partial void Recovered(ILogger log, int count);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Request {Request} names pool {Pool}, which has no scheduler here")]
    public static partial void NoScheduler(ILogger log, RequestId request, PoolId pool);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "A sweep failed; the next one follows")]
    public static partial void SweepFailed(ILogger log, Exception fault);
}
