using System.Collections.Immutable;
using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Arrivals;

/// <summary>What an adversary makes of sessions that arrive.</summary>
public enum ArrivalPattern
{
    /// <summary>As drawn.</summary>
    AsDrawn,

    /// <summary>Of every hundred sessions the largest come first.</summary>
    ElephantsFirst,

    /// <summary>Sessions begin and tools return on the minute, all together.</summary>
    SynchronisedReturns,

    /// <summary>One tenant sends four sessions in five during the middle third; the rate as a whole stays.</summary>
    TenantFloods,
}

/// <summary>Applies a pattern.</summary>
internal static class ArrivalPatterns
{
    private const int Herd = 100;
    private const double TogetherSeconds = 60;

    /// <summary>Name of the tenant that floods.</summary>
    public const string FloodingTenant = "tenant-0";

    /// <summary>Sessions as an adversary lets them come; the moments stay but for rounding.</summary>
    public static ImmutableArray<SimulatedSession> Apply(ArrivalPattern pattern, ImmutableArray<SimulatedSession> sessions, HardwareProfile hardware, double horizonSeconds) => pattern switch
    {
        ArrivalPattern.AsDrawn => sessions,
        ArrivalPattern.ElephantsFirst => [.. sessions.Chunk(Herd).SelectMany(chunk => LargestFirst(chunk, hardware))],
        ArrivalPattern.SynchronisedReturns => [.. sessions.Select(Together)],
        ArrivalPattern.TenantFloods => [.. sessions.Select((s, i) => Flood(s, i, horizonSeconds))],
        _ => throw new ArgumentOutOfRangeException(nameof(pattern), pattern, "There is no such pattern."),
    };

    private static IEnumerable<SimulatedSession> LargestFirst(SimulatedSession[] chunk, HardwareProfile hardware) =>
        chunk.OrderByDescending(s => s.Jobs.Sum(j => SessionMeasures.IsolatedSeconds(j, hardware)))
            .Zip(chunk, static (session, place) => session with { ArrivalSeconds = place.ArrivalSeconds });

    private static SimulatedSession Together(SimulatedSession session) => session with
    {
        ArrivalSeconds = Up(session.ArrivalSeconds),
        Jobs = [.. session.Jobs.Select(static j => j with { PauseSeconds = Up(j.PauseSeconds), Segments = [.. j.Segments.Select(static s => s with { ToolSeconds = Up(s.ToolSeconds) })] })],
    };

    private static double Up(double seconds) => Math.Ceiling(seconds / TogetherSeconds) * TogetherSeconds;

    // In the middle third the flood takes the places of others, so that the rate is what was asked for: four parts in five of what comes.
    private static SimulatedSession Flood(SimulatedSession session, int index, double horizonSeconds) =>
        session.ArrivalSeconds >= horizonSeconds / 3 && session.ArrivalSeconds < horizonSeconds * 2 / 3 && index % 5 != 0 ? session with { Tenant = FloodingTenant } : session;
}
