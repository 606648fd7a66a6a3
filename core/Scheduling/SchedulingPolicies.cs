using System.Collections.Immutable;
using Astraea.Core.Scheduling.Policies;

namespace Astraea.Core.Scheduling;

/// <summary>The policies there are, by name.</summary>
public static class SchedulingPolicies
{
    /// <summary>Least service time a score divides by (s): a prediction of zero must not make an infinite score.</summary>
    internal const double SecondsMin = 1e-6;

    /// <summary>Names that <see cref="Create"/> knows.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        ProgramFcfs.PolicyName, StatefulMlfq.PolicyName, HierarchicalHrrn.PolicyName, HierarchicalHrrn.FlatName, VllmFcfs.PolicyName, VllmApc.PolicyName,
        VllmApcHost.PolicyName, SglangHrrn.PolicyName, SrptSegment.PolicyName, Plas.PolicyName, Infercept.PolicyName, Lamps.PolicyName, Continuum.PolicyName,
        ThunderAgent.PolicyName, Mori.PolicyName, StatefulMlfq.FcfsName, SrptProgram.PolicyName,
    ];

    /// <summary>The policy of that name with its default parameters.</summary>
    /// <exception cref="ArgumentException">There is no such policy; the message lists those there are.</exception>
    public static ISchedulingPolicy Create(string name) => name switch
    {
        ProgramFcfs.PolicyName => new ProgramFcfs(),
        StatefulMlfq.PolicyName => new StatefulMlfq(),
        HierarchicalHrrn.PolicyName => new HierarchicalHrrn(),
        HierarchicalHrrn.FlatName => new HierarchicalHrrn(new HierarchicalHrrnOptions { Levels = 1 }),
        VllmFcfs.PolicyName => new VllmFcfs(),
        VllmApc.PolicyName => new VllmApc(),
        VllmApcHost.PolicyName => new VllmApcHost(),
        SglangHrrn.PolicyName => new SglangHrrn(),
        SrptSegment.PolicyName => new SrptSegment(),
        Plas.PolicyName => new Plas(),
        Infercept.PolicyName => new Infercept(),
        Lamps.PolicyName => new Lamps(),
        Continuum.PolicyName => new Continuum(),
        ThunderAgent.PolicyName => new ThunderAgent(),
        Mori.PolicyName => new Mori(),
        StatefulMlfq.FcfsName => new StatefulMlfq(new StatefulMlfqOptions { FirstComeFirstServed = true }),
        SrptProgram.PolicyName => new SrptProgram(),
        _ => throw new ArgumentException($"There is no scheduling policy '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>Throws when there are errors, naming them all.</summary>
    internal static void Require(IEnumerable<string> errors)
    {
        string all = string.Join(" ", errors);
        if (all.Length > 0)
            throw new ArgumentException(all);
    }
}
