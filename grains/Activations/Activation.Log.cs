using Astraea.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace Astraea.Grains.Activations;

internal static partial class ActivationLog
{
    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Request {Request} names pool {Pool}, which has no scheduler here")]
    public static partial void NoScheduler(ILogger log, RequestId request, PoolId pool);
}
