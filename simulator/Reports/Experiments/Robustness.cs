using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Reports.Experiments;

/// <summary>What is left of the gain when predictions are wrong and arrivals mean harm, and whether waits stay bounded.</summary>
internal sealed class Robustness : ILabExperiment
{
    private const double Load = 0.85;
    private const int Tenants = 4;

    private static readonly LabTwist[] _twists =
    [
        LabTwist.None,
        new("nothing learned before") { Untrained = true },
        new("predictions off, σ = 0.5") { Noise = 0.5 },
        new("predictions off, σ = 1") { Noise = 1 },
        new("categories missing") { CategoriesMissing = true },
        new("elephants first") { Pattern = ArrivalPattern.ElephantsFirst },
        new("synchronised returns") { Pattern = ArrivalPattern.SynchronisedReturns },
        new("four tenants") { Tenants = Tenants },
        new("four tenants, one floods") { Tenants = Tenants, Pattern = ArrivalPattern.TenantFloods },
        new("the worker fails") { Outage = true },
    ];

    public string Name => "robust";

    public IEnumerable<LabCase> Cases(LabSetting setting) => Workloads(setting).SelectMany(w => _twists.SelectMany(t => Policies.Select(p => Case(w, p, t))));

    private static LabPolicy[] Policies => [LabPolicies.ProgramFcfs, LabPolicies.Paper, LabPolicies.Ours];

    public void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation)
    {
        sheet.Text.Heading(2, "Robustness");
        sheet.Text.Say($"Load {Load:0.00}, one worker. The longest wait of a segment is in units of what it takes alone; for `astraea` the guard lane bounds it. Every row has the same arrivals for all policies.");
        foreach (LabWorkload workload in Workloads(setting))
        {
            sheet.Text.Heading(3, setting.Place(workload));
            sheet.Text.Table(
                ["what is wrong", "S of program-fcfs, s", "S ours / program-fcfs", "S of astraea-paper / program-fcfs", "p99 slowdown ours / program-fcfs", "longest wait, program-fcfs", "longest wait, ours", "worst / best tenant, ours"],
                _twists.Select(twist =>
                {
                    LabPoint unit = setting.Bench[Case(workload, LabPolicies.ProgramFcfs, twist)], paper = setting.Bench[Case(workload, LabPolicies.Paper, twist)];
                    LabPoint ours = setting.Bench[Case(workload, LabPolicies.Ours, twist)];
                    return (IReadOnlyList<string>)
                    [
                        twist.Name, LabText.Mean(unit, static f => f.SchedulableSeconds, "0.00"), LabText.Ratio(ours, unit, static f => f.SchedulableSeconds),
                        LabText.Ratio(paper, unit, static f => f.SchedulableSeconds), LabText.Ratio(ours, unit, static f => f.SlowdownP99),
                        LabText.Mean(unit, static f => f.LongestWaitRatio, "0"), LabText.Mean(ours, static f => f.LongestWaitRatio, "0"),
                        twist.Tenants > 1 ? LabText.Mean(ours, Unfairness, "0.00") : "–",
                    ];
                }));
        }
    }

    private static IEnumerable<LabWorkload> Workloads(LabSetting setting) => setting.Options.Quick ? [setting.InferCept] : [setting.InferCept, setting.Service];

    private static LabCase Case(LabWorkload workload, LabPolicy policy, LabTwist twist) => new LabCase(workload, policy, Load) with { Twist = twist };

    private static double Unfairness(RunFigures figures) => figures.TenantSlowdown.Values.Max() / figures.TenantSlowdown.Values.Min();
}
