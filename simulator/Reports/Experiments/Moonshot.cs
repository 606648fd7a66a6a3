using Astraea.Core.Scheduling.Policies;

namespace Astraea.Simulator.Reports.Experiments;

/// <summary>Four workers and sessions of very different sizes: placement and moves count beside order.</summary>
internal sealed class Moonshot : ILabExperiment
{
    private const int Workers = 4;

    private static readonly LabPolicy[] _policies =
    [
        LabPolicy.Named(VllmApcHost.PolicyName), LabPolicies.ProgramFcfs, LabPolicy.Named(SglangHrrn.PolicyName), LabPolicy.Named(Plas.PolicyName),
        LabPolicy.Named(ThunderAgent.PolicyName), LabPolicy.Named(Mori.PolicyName), LabPolicies.Paper, LabPolicies.Ours, .. LabPolicies.ProgramBounds,
    ];

    public string Name => "moonshot";

    public IEnumerable<LabCase> Cases(LabSetting setting) => setting.Options.GoalLoads.SelectMany(load => _policies.Select(p => Case(setting, p, load)));

    public void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation)
    {
        sheet.Text.Heading(2, "Several workers, skewed sessions");
        sheet.Text.Say($"{setting.Place(setting.Skewed, Workers)}. Goal: half of the schedulable time of the best deployable baseline, p99 no worse.");
        sheet.Text.Table(
            ["workload", "load", "best baseline", "its S, s", "ours, s", "bound, s", "gap closed", "ours / best", "p99 slowdown ours / program-fcfs"],
            setting.Options.GoalLoads.Select(load => Contest.Of(setting.Bench, setting.Skewed, load, Workers).Verdict(load)));
        foreach (double load in setting.Options.GoalLoads)
        {
            LabPoint unit = setting.Bench[Case(setting, LabPolicies.ProgramFcfs, load)];
            sheet.Text.Say($"Load {load:0.00}:");
            sheet.Text.Table([.. LabText.Columns, "moves"], _policies.Select(p => setting.Bench[Case(setting, p, load)])
                .Select(point => (IReadOnlyList<string>)[.. LabText.Row(point, unit), LabText.Mean(point, static f => f.Migrations, "0")]));
        }
    }

    private static LabCase Case(LabSetting setting, LabPolicy policy, double load) => new LabCase(setting.Skewed, policy, load) with { Workers = Workers };
}
