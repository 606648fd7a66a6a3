using Astraea.Core.Prediction;

namespace Astraea.Core.KvCache;

/// <summary>What becomes of an agent's KV while its tool works. Pure; one policy per file.</summary>
public interface IKvPolicy
{
    /// <summary>Name in tables and records.</summary>
    string Name { get; }

    /// <summary>Whether KV that nobody holds stays findable until it is overwritten.</summary>
    bool PrefixCache { get; }

    /// <summary>Whether there is a host tier for it.</summary>
    bool HostTier { get; }

    /// <summary>Whether a cached block that is evicted from the device goes to the host tier when it is not there yet.</summary>
    bool WritesBack { get; }

    /// <summary>What becomes of device blocks that have been copied to the host: usable until overwritten, or free at once (the literal paper).</summary>
    KvRelease AfterSwap { get; }

    /// <summary>Pressure from which preserved contexts are looked at again before their time; above 1 for never.</summary>
    double WatchedPressure { get; }

    /// <summary>Whether <see cref="KvSituation.BusierBlocks"/> matters to it: counting them goes through all pinned contexts.</summary>
    bool RanksContexts => false;

    /// <summary>Decides for one context, when its tool is called and whenever a preserve is looked at again.</summary>
    KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now);
}

/// <summary>The wait that a KV decision is about.</summary>
/// <param name="Category">Kind of agent.</param>
/// <param name="Tool">The tool that works, with its command word where there is one; null for a human pause.</param>
/// <param name="Since">When it was called.</param>
/// <param name="Durations">What tool durations have been like on this worker.</param>
public readonly record struct KvWait(string Category, string? Tool, Instant Since, ToolDuration Durations)
{
    /// <summary>When it will answer, where that is known: in bounds, never in a policy that could be deployed.</summary>
    public Instant? ReturnsAt { get; init; }

    /// <summary>How long it has worked (s).</summary>
    public double ElapsedSeconds(Instant now) => Math.Max(0, (now - Since).TotalSeconds);

    /// <summary>Seconds still to wait that are not exceeded with chance <paramref name="share"/>, given how long it has worked; exact where that is known (s).</summary>
    public double RemainingSeconds(double share, Instant now) => ReturnsAt is { } at
        ? Math.Max(0, (at - now).TotalSeconds)
        : Durations.Remaining(Category, Tool, share, ElapsedSeconds(now));

    /// <summary>Chance that it works for more than <paramref name="further"/> seconds from now; 0 or 1 where that is known.</summary>
    public double StillWorksAfter(double further, Instant now) => ReturnsAt is { } at
        ? (at - now).TotalSeconds > further ? 1 : 0
        : Durations.StillWorksAfter(Category, Tool, ElapsedSeconds(now), further);
}
