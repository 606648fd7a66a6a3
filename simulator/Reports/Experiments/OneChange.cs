using System.Collections.Immutable;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Reports.Experiments;

/// <summary>A policy against itself with one thing changed, seed by seed.</summary>
/// <param name="name">Name on the command line.</param>
/// <param name="title">Heading.</param>
/// <param name="about">What is varied, and why.</param>
/// <param name="load">At which load.</param>
/// <param name="half">On which half: what chooses parameters is not what is reported.</param>
/// <param name="variants">The first is what the others are compared with.</param>
internal sealed class OneChange(string name, string title, string about, double load, SessionHalf half, ImmutableArray<LabPolicy> variants) : ILabExperiment
{
    public string Name => name;

    public IEnumerable<LabCase> Cases(LabSetting setting) => Workloads(setting).SelectMany(w => variants.Select(p => Case(w, p)));

    public void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation)
    {
        sheet.Text.Heading(2, title);
        sheet.Text.Say($"{about} Load {load:0.00}, {half.ToString().ToLowerInvariant()} half, one worker. Ratios are to the first row, paired by seed; an interval that holds 1 says nothing.");
        foreach (LabWorkload workload in Workloads(setting))
        {
            LabPoint unit = setting.Bench[Case(workload, variants[0])];
            sheet.Text.Heading(3, setting.Place(workload));
            sheet.Text.Table(
                ["variant", "S, s", "S ratio", "p99 slowdown ratio", "mean JCT ratio", "longest wait"],
                variants.Select(p => setting.Bench[Case(workload, p)]).Select(point => (IReadOnlyList<string>)
                [
                    point.Case.Policy.Label, LabText.Mean(point, static f => f.SchedulableSeconds, "0.00"), LabText.Ratio(point, unit, static f => f.SchedulableSeconds),
                    LabText.Ratio(point, unit, static f => f.SlowdownP99), LabText.Ratio(point, unit, static f => f.JctSeconds), LabText.Mean(point, static f => f.LongestWaitRatio, "0"),
                ]));
        }
    }

    private LabCase Case(LabWorkload workload, LabPolicy policy) => new LabCase(workload, policy, load) with { Half = half };

    private static IEnumerable<LabWorkload> Workloads(LabSetting setting) => setting.Options.Quick ? [setting.InferCept, setting.Coding] : setting.Agents;
}
