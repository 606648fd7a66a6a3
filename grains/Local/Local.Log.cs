using Microsoft.Extensions.Logging;

namespace Astraea.Grains.Local;

internal static partial class LocalLog
{
    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Recovered {Count} live requests")]
    public static partial void Recovered(ILogger log, int count);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "A sweep failed; the next one follows")]
    public static partial void SweepFailed(ILogger log, Exception fault);
}
