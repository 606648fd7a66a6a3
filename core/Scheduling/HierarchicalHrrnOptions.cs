using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling;

/// <summary>How much waiting counts: the exponent a of the score. Only exponents that products and a square root can make exactly.</summary>
public enum WaitExponent
{
    /// <summary>a = 0: shortest remaining work first.</summary>
    Zero,

    /// <summary>a = ½.</summary>
    Half,

    /// <summary>a = 1: highest response ratio next.</summary>
    One,

    /// <summary>a = 2: closer to longest wait first.</summary>
    Two,
}

/// <summary>What becomes of KV at a tool call.</summary>
public enum KvRule
{
    /// <summary>By memory pressure with lazy write-back (<see cref="PressureKv"/>): the core.</summary>
    Pressure,

    /// <summary>By the hazard of the tool's remaining time (<see cref="HazardKv"/>).</summary>
    Hazard,

    /// <summary>By rank of idleness to the room there is (<see cref="RankedTierKv"/>).</summary>
    RankedTiers,

    /// <summary>No decision: prefix cache and host tier by least recent use (<see cref="CacheOnly"/>).</summary>
    CacheOnly,
}

/// <summary>Parameters of <see cref="HierarchicalHrrn"/> (SCHEDULING.md §3). The ideas that are not the core are off by default; each is one option.</summary>
public sealed record HierarchicalHrrnOptions
{
    /// <summary>Bins of remaining work; 1 is the flat variant. 1 to 16.</summary>
    public int Levels { get; init; } = 6;

    /// <summary>Upper bound of level 0 (s of remaining work). Positive.</summary>
    public double FirstLevelSeconds { get; init; } = 1;

    /// <summary>Ratio of neighbouring bounds. More than 1.</summary>
    public double LevelFactor { get; init; } = 4;

    /// <summary>Share by which remaining work must be past a bound before the level follows: keeps noise in predictions from moving requests to and fro. 0 to 1.</summary>
    public double Hysteresis { get; init; } = 0.25;

    /// <summary>Each such factor in (W + R)/R lifts a request by one level, at every level. More than 1.</summary>
    public double AgingRatio { get; init; } = 8;

    /// <summary>a: how much waiting counts inside a level.</summary>
    public WaitExponent Exponent { get; init; } = WaitExponent.One;

    /// <summary>β: how much holding memory counts against a segment; 0 to 1000. Default 0.</summary>
    public double MemoryWeight { get; init; }

    /// <summary>
    /// Levels by which a running segment stands better than its remaining work says. 0 to 16. With 1, whoever runs gives way only to work smaller by more than one level's
    /// factor; with 0, a request just above a bound would give way to one just below it, be copied out and in, and end both later.
    /// </summary>
    public int RunningLead { get; init; } = 1;

    /// <summary>Share of its predicted service from which a running segment gives way to nobody but the guard lane. Above 0; 1 or more for no such limit.</summary>
    public double PreemptUntil { get; init; } = double.PositiveInfinity;

    /// <summary>How much of the predicted work after this segment counts in R: 1 all of it, 0 none, so that the segment at hand decides. 0 to 1.</summary>
    public double RestWeight { get; init; } = 1;

    /// <summary>Levels by what a request has had, entered at the level of its first segment's own cost, instead of by predicted remaining work. Default: no.</summary>
    public bool SkipJoin { get; init; }

    /// <summary>Device seconds a tenant may lead the least served one by before its scores fall; at twice that, they are halved. Positive; infinity for no fair share.</summary>
    public double TenantSlackSeconds { get; init; } = double.PositiveInfinity;

    /// <summary>What becomes of KV at a tool call.</summary>
    public KvRule Kv { get; init; } = KvRule.Pressure;

    /// <summary>Parameters of <see cref="KvRule.Hazard"/>.</summary>
    public HazardKvOptions Hazard { get; init; } = new();

    /// <summary>Parameters of <see cref="KvRule.RankedTiers"/>.</summary>
    public RankedTierOptions RankedTiers { get; init; } = new();

    /// <summary>Congestion control on active requests; null for none.</summary>
    public AgentWindowOptions? Window { get; init; }

    /// <summary>D: open wait after which a segment joins the guard lane (multiples of its isolated service). At least 1; infinity for no lane.</summary>
    public double GuardAfter { get; init; } = 10;

    /// <summary>φ: share of step tokens and blocks of the guard lane. 0 to 1, above 0 when there is a lane.</summary>
    public double GuardShare { get; init; } = 0.25;

    /// <summary>Watermarks and times of the KV decisions.</summary>
    public KvPressureSettings Pressure { get; init; } = KvPressureSettings.Default;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (Levels is < 1 or > 16)
            yield return $"Levels is {Levels}: it must be 1 to 16.";
        if (!(FirstLevelSeconds > 0) || double.IsInfinity(FirstLevelSeconds))
            yield return $"FirstLevelSeconds is {FirstLevelSeconds}: it must be a positive number of seconds.";
        if (!(LevelFactor > 1) || double.IsInfinity(LevelFactor))
            yield return $"LevelFactor is {LevelFactor}: it must be a number above 1.";
        if (!(Hysteresis is >= 0 and <= 1))
            yield return $"Hysteresis is {Hysteresis}: it must be 0 to 1.";
        if (!(AgingRatio > 1) || double.IsInfinity(AgingRatio))
            yield return $"AgingRatio is {AgingRatio}: it must be a number above 1.";
        if (!Enum.IsDefined(Exponent))
            yield return $"Exponent is {Exponent}: it must be Zero, Half, One or Two.";
        if (!(MemoryWeight is >= 0 and <= 1000))
            yield return $"MemoryWeight is {MemoryWeight}: it must be 0 to 1000.";
        if (RunningLead is < 0 or > 16)
            yield return $"RunningLead is {RunningLead}: it must be 0 to 16.";
        if (!(PreemptUntil > 0))
            yield return $"PreemptUntil is {PreemptUntil}: it must be above 0.";
        if (!(RestWeight is >= 0 and <= 1))
            yield return $"RestWeight is {RestWeight}: it must be 0 to 1.";
        if (!(TenantSlackSeconds > 0))
            yield return $"TenantSlackSeconds is {TenantSlackSeconds}: it must be positive.";
        if (!Enum.IsDefined(Kv))
            yield return $"Kv is {Kv}: it must be {string.Join(", ", Enum.GetNames<KvRule>())}.";
        if (!(GuardAfter >= 1))
            yield return $"GuardAfter is {GuardAfter}: it must be at least 1.";
        if (!(GuardShare is >= 0 and <= 1) || (GuardShare == 0 && !double.IsInfinity(GuardAfter)))
            yield return $"GuardShare is {GuardShare}: it must be 0 to 1, and above 0 when GuardAfter is finite.";
        foreach (string error in Pressure.Errors())
            yield return $"Pressure: {error}";
        foreach (string error in Hazard.Errors())
            yield return $"Hazard: {error}";
        foreach (string error in RankedTiers.Errors())
            yield return $"RankedTiers: {error}";
        foreach (string error in Window?.Errors() ?? [])
            yield return $"Window: {error}";
    }
}
