using System.Collections.Immutable;
using Astraea.Core.KvCache;
using Astraea.Core.Scheduling;
using Astraea.Core.Scheduling.Policies;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Reports;

/// <summary>Who is compared (SCHEDULING.md §4).</summary>
public static class LabPolicies
{
    /// <summary>Ours, with its defaults.</summary>
    public static LabPolicy Ours { get; } = LabPolicy.Named(HierarchicalHrrn.PolicyName);

    /// <summary>What everything else is measured in units of.</summary>
    public static LabPolicy ProgramFcfs { get; } = LabPolicy.Named(Core.Scheduling.ProgramFcfs.PolicyName);

    /// <summary>The paper's policy with our predictor.</summary>
    public static LabPolicy Paper { get; } = LabPolicy.Named(StatefulMlfq.PolicyName);

    /// <summary>The paper's policy with the paper's oracle.</summary>
    public static LabPolicy PaperWithOracle { get; } = Paper with { Label = $"{Paper.Label}, segment oracle", Foresight = Foresight.Segment };

    /// <summary>The paper's KV decisions with calls in the order they come.</summary>
    public static LabPolicy PaperFcfs { get; } = LabPolicy.Named(StatefulMlfq.FcfsName);

    /// <summary>What could be deployed, ours left out.</summary>
    public static ImmutableArray<LabPolicy> Baselines { get; } =
    [
        LabPolicy.Named(VllmFcfs.PolicyName), LabPolicy.Named(VllmApc.PolicyName), LabPolicy.Named(VllmApcHost.PolicyName), ProgramFcfs,
        LabPolicy.Named(SglangHrrn.PolicyName), LabPolicy.Named(SrptSegment.PolicyName), LabPolicy.Named(Plas.PolicyName), LabPolicy.Named(Infercept.PolicyName),
        LabPolicy.Named(Lamps.PolicyName), LabPolicy.Named(Continuum.PolicyName), LabPolicy.Named(ThunderAgent.PolicyName), LabPolicy.Named(Mori.PolicyName), Paper,
    ];

    /// <summary>The bound that goals are stated against, with and without setting running segments aside: whichever is better.</summary>
    public static ImmutableArray<LabPolicy> ProgramBounds { get; } =
    [
        new("bound: srpt-program", static () => new SrptProgram()) { Foresight = Foresight.Clairvoyant },
        new("bound: srpt-program, preempting", static () => new SrptProgram(preempts: true)) { Foresight = Foresight.Clairvoyant },
    ];

    /// <summary>The other bounds.</summary>
    public static ImmutableArray<LabPolicy> OtherBounds { get; } =
    [
        new("bound: srpt-segment", static () => SchedulingPolicies.Create(SrptSegment.PolicyName)) { Foresight = Foresight.Clairvoyant },
        new("bound: infercept", static () => SchedulingPolicies.Create(Infercept.PolicyName)) { Foresight = Foresight.Clairvoyant },
    ];

    /// <summary>Ours with one thing changed.</summary>
    public static ImmutableArray<LabPolicy> Ablations { get; } =
    [
        Ours,
        Variant("flat: one level", static o => o with { Levels = 1 }),
        Variant("a = 0 (remaining work only)", static o => o with { Exponent = WaitExponent.Zero }),
        Variant("a = ½", static o => o with { Exponent = WaitExponent.Half }),
        Variant("a = 2", static o => o with { Exponent = WaitExponent.Two }),
        Variant("levels × 2", static o => o with { LevelFactor = 2 }),
        Variant("levels × 8", static o => o with { LevelFactor = 8 }),
        Variant("no hysteresis", static o => o with { Hysteresis = 0 }),
        Variant("aging at 4", static o => o with { AgingRatio = 4 }),
        Variant("aging at 32", static o => o with { AgingRatio = 32 }),
        Variant("memory weight ½", static o => o with { MemoryWeight = 0.5 }),
        Variant("memory weight 2", static o => o with { MemoryWeight = 2 }),
        Variant("no lead for whoever runs", static o => o with { RunningLead = 0 }),
        Variant("lead of two levels", static o => o with { RunningLead = 2 }),
        Variant("early preemption only (idea 8)", static o => o with { PreemptUntil = 0.5 }),
        Variant("half of the rest counts", static o => o with { RestWeight = 0.5 }),
        Variant("the segment alone counts", static o => o with { RestWeight = 0 }),
        Variant("skip-join by input (idea 8)", static o => o with { SkipJoin = true }),
        Variant("tenants kept within 5 s (idea 10)", static o => o with { TenantSlackSeconds = 5 }),
        Variant("KV: hazard rates (idea 3)", static o => o with { Kv = KvRule.Hazard }),
        Variant("KV: ranked tiers (idea 4)", static o => o with { Kv = KvRule.RankedTiers }),
        Variant("KV: cache only", static o => o with { Kv = KvRule.CacheOnly }),
        Variant("window of agents (idea 7)", static o => o with { Window = new AgentWindowOptions() }),
        Variant("no guard lane", static o => o with { GuardAfter = double.PositiveInfinity, GuardShare = 0 }),
        Variant("guard after 20", static o => o with { GuardAfter = 20 }),
        Variant("guard share ½", static o => o with { GuardShare = 0.5 }),
    ];

    /// <summary>The paper's policy with one unpublished parameter changed.</summary>
    public static ImmutableArray<LabPolicy> PaperSweep { get; } =
    [
        PaperWithOracle,
        PaperVariant("m = 3", static o => o with { Thresholds = [256, 640] }),
        PaperVariant("m = 9", static o => o with { Thresholds = [64, 128, 192, 256, 320, 384, 512, 640] }),
        PaperVariant("thresholds × ¼", static o => o with { Thresholds = [32, 64, 96, 128, 160] }),
        PaperVariant("thresholds × 4", static o => o with { Thresholds = [512, 1024, 1536, 2048, 2560] }),
        PaperVariant("thresholds × 16", static o => o with { Thresholds = [2048, 4096, 6144, 8192, 10240] }),
        PaperVariant("aging at 4", static o => o with { AgingRatio = 4 }),
        PaperVariant("aging at 32", static o => o with { AgingRatio = 32 }),
        PaperVariant("pressure 0.4 / 0.9", static o => o with { Pressure = KvPressureSettings.Default with { LowWatermark = 0.4 } }),
        PaperVariant("pressure 0.8 / 0.9", static o => o with { Pressure = KvPressureSettings.Default with { LowWatermark = 0.8 } }),
        PaperVariant("pressure 0.6 / 0.75", static o => o with { Pressure = KvPressureSettings.Default with { HighWatermark = 0.75 } }),
        PaperVariant("discard ignores the host", static o => o with { Pressure = KvPressureSettings.Default with { DiscardIgnoresHost = true } }),
        PaperVariant("batch-synchronous", static o => o with { BatchSynchronous = true }),
        PaperVariant("lower queues do not fill", static o => o with { LowerQueuesFill = false }),
    ];

    private static LabPolicy Variant(string label, Func<HierarchicalHrrnOptions, HierarchicalHrrnOptions> change) =>
        new($"{Ours.Label}: {label}", () => new HierarchicalHrrn(change(new HierarchicalHrrnOptions())));

    private static LabPolicy PaperVariant(string label, Func<StatefulMlfqOptions, StatefulMlfqOptions> change) =>
        new($"{Paper.Label}: {label}", () => new StatefulMlfq(change(new StatefulMlfqOptions()))) { Foresight = Foresight.Segment };
}
