using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Astraea.Grains.Driver;

/// <summary>What a driver takes from the process it lives in. A simulation brings its own.</summary>
/// <param name="Time">The clock, and the only source of timers.</param>
/// <param name="NewWriter">A new writer id for every load.</param>
/// <param name="Log">Where faults are told.</param>
public sealed record DriverEnvironment(TimeProvider Time, Func<Guid> NewWriter, ILogger Log)
{
    /// <summary>Real time, random writer ids, no log.</summary>
    public static DriverEnvironment Default { get; } = new(TimeProvider.System, Guid.NewGuid, NullLogger.Instance);

    /// <summary>How long after a failed load, append or effect the driver tries again by itself.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Messages that may wait for a turn; more are refused at once (messages).</summary>
    public int WaitingMax { get; init; } = 4096;

    /// <summary>Messages handled in one turn, and so in one append (messages).</summary>
    public int BatchMax { get; init; } = 256;
}
