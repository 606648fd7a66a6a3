using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Bounds and times of the cluster scheduler.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Tokens in a KV block (tokens). 1 to 1024.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>After so long without a pull a worker is lost: its leases return and its KV counts as gone. 1 s to 10 min.</summary>
    public TimeSpan WorkerLostAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A lease not started within this returns to ready. 1 s to 10 min.</summary>
    public TimeSpan LeaseStartWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A lease its worker no longer names returns to ready after this; shorter, and the picture of its end would often come too late. 0 to 1 min.</summary>
    public TimeSpan MissingGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a new scheduler leaves alone leases of requests it has not been told of. 0 to 10 min.</summary>
    public TimeSpan UnknownGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Leases a worker may hold beyond its slots, as a share of them, so that ranking inside the worker means something. 0 to 1.</summary>
    public double QueueShare { get; init; } = 0.25;

    /// <summary>Segments that do not fit and are passed over in one plan before it ends (segments). 1 to 100000.</summary>
    public int MisfitsMax { get; init; } = 64;

    /// <summary>Ended requests remembered, against late pictures and as hints where a follow-up's KV is (requests). 1 to 1000000.</summary>
    public int EndedMax { get; init; } = 8192;

    /// <summary>Where segments run.</summary>
    public PlacementOptions Placement { get; init; } = new();

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (BlockTokens is < 1 or > 1024)
            yield return $"BlockTokens is {BlockTokens}: it must be 1 to 1024.";
        if (WorkerLostAfter < TimeSpan.FromSeconds(1) || WorkerLostAfter > TimeSpan.FromMinutes(10))
            yield return $"WorkerLostAfter is {WorkerLostAfter}: it must be 1 s to 10 min.";
        if (LeaseStartWithin < TimeSpan.FromSeconds(1) || LeaseStartWithin > TimeSpan.FromMinutes(10))
            yield return $"LeaseStartWithin is {LeaseStartWithin}: it must be 1 s to 10 min.";
        if (MissingGrace < TimeSpan.Zero || MissingGrace > TimeSpan.FromMinutes(1))
            yield return $"MissingGrace is {MissingGrace}: it must be 0 to 1 min.";
        if (UnknownGrace < TimeSpan.Zero || UnknownGrace > TimeSpan.FromMinutes(10))
            yield return $"UnknownGrace is {UnknownGrace}: it must be 0 to 10 min.";
        if (!(QueueShare is >= 0 and <= 1))
            yield return $"QueueShare is {QueueShare}: it must be 0 to 1.";
        if (MisfitsMax is < 1 or > 100_000)
            yield return $"MisfitsMax is {MisfitsMax}: it must be 1 to 100000.";
        if (EndedMax is < 1 or > 1_000_000)
            yield return $"EndedMax is {EndedMax}: it must be 1 to 1000000.";
        foreach (string error in Placement.Errors())
            yield return $"Placement: {error}";
    }
}
