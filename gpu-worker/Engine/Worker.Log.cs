using Astraea.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace Astraea.Worker.Engine;

internal static partial class WorkerLog
{
    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "Worker {Worker} takes work: {Blocks} device blocks, {HostBlocks} host blocks, {Slots} slots, {Numerics}")]
    public static partial void Started(ILogger log, WorkerId worker, int blocks, int hostBlocks, int slots, string numerics);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Error, Message = "Worker {Worker} is quarantined and takes no more work: {Reason}")]
    public static partial void Quarantined(ILogger log, WorkerId worker, string reason);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Information, Message = "Worker {Worker} drains {Segments} segments")]
    public static partial void Draining(ILogger log, WorkerId worker, int segments);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Warning, Message = "Worker {Worker} cannot reach its scheduler; asks again in {WaitMs} ms")]
    public static partial void PullFailed(ILogger log, WorkerId worker, double waitMs, Exception fault);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Debug, Message = "Segment {Attempt} was not started: {Reason}")]
    public static partial void NotStarted(ILogger log, SegmentAttempt attempt, string reason);

    [LoggerMessage(EventId = 3106, Level = LogLevel.Debug, Message = "Report of {Attempt} waits {WaitMs} ms for its request")]
    public static partial void ReportWaits(ILogger log, SegmentAttempt attempt, double waitMs, Exception fault);

    [LoggerMessage(EventId = 3107, Level = LogLevel.Information, Message = "Report of {Attempt} was refused ({Code}): {Why}")]
    public static partial void ReportRefused(ILogger log, SegmentAttempt attempt, RefusalCode code, string why);

    [LoggerMessage(EventId = 3108, Level = LogLevel.Error, Message = "Segment {Attempt} broke its worker task")]
    public static partial void SegmentBroke(ILogger log, SegmentAttempt attempt, Exception fault);

    [LoggerMessage(EventId = 3109, Level = LogLevel.Information, Message = "KV of {Request} moved to {Target}: {Tokens} tokens in {Ms:0} ms")]
    public static partial void Moved(ILogger log, RequestId request, WorkerId target, int tokens, double ms);

    [LoggerMessage(EventId = 3110, Level = LogLevel.Information, Message = "KV of {Request} was not moved to {Target}: {Reason}")]
    public static partial void NotMoved(ILogger log, RequestId request, WorkerId target, string reason);

    [LoggerMessage(EventId = 3111, Level = LogLevel.Warning, Message = "KV offered to {Worker} was refused: {Reason}")]
    public static partial void KvRefused(ILogger log, WorkerId worker, string reason);
}
