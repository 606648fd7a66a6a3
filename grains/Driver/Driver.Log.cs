using Microsoft.Extensions.Logging;

namespace Astraea.Grains.Driver;

internal static partial class DriverLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning, Message = "{Key}: a turn of {Messages} messages failed; the history is read again")]
    public static partial void TurnFailed(ILogger log, string key, int messages, Exception fault);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error, Message = "{Key}: the machine could not handle a message")]
    public static partial void MessageFailed(ILogger log, string key, Exception fault);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "{Key}: effect {Effect} failed; it is run again while it is owed")]
    public static partial void EffectFailed(ILogger log, string key, string effect, Exception fault);
}
