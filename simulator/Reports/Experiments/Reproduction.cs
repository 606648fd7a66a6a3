using Astraea.Core.Scheduling.Policies;
using Astraea.Simulator.Pictures;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Reports.Experiments;

/// <summary>The paper's claim (arXiv 2512.14142 §5): how far its policy is below engines that forget at every tool call, and which share memory and order have in it.</summary>
internal sealed class Reproduction : ILabExperiment
{
    private const double Goal = 0.255;
    private static readonly LabPolicy _forgetful = LabPolicy.Named(VllmFcfs.PolicyName), _remembering = LabPolicy.Named(VllmApcHost.PolicyName);

    private static readonly LabPolicy[] _policies =
        [_forgetful, _remembering, LabPolicies.PaperFcfs, LabPolicies.PaperWithOracle, LabPolicies.Paper, LabPolicies.ProgramFcfs, LabPolicies.Ours];

    public string Name => "reproduction";

    public IEnumerable<LabCase> Cases(LabSetting setting) =>
        setting.Options.CurveLoads.SelectMany(load => _policies.Select(policy => new LabCase(setting.InferCept, policy, load)));

    public void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation)
    {
        Markdown text = sheet.Text;
        text.Heading(2, "Reproduction of the paper");
        text.Say($"Mean completion time (JCT, s) on {setting.Place(setting.InferCept)} over load. A load is a share of what `program-fcfs` does at most; engines that forget saturate earlier.");
        text.Table(
            ["load", .. _policies.Select(static p => p.Label)],
            setting.Options.CurveLoads.Select(load => (IReadOnlyList<string>)[load.ToString("0.00"), .. _policies.Select(p => LabText.Mean(At(setting, p, load), static f => f.JctSeconds, "0.0"))]));
        text.Say("Mean schedulable time (S, s): the same without the tools' time.");
        text.Table(
            ["load", .. _policies.Select(static p => p.Label)],
            setting.Options.CurveLoads.Select(load => (IReadOnlyList<string>)[load.ToString("0.00"), .. _policies.Select(p => LabText.Mean(At(setting, p, load), static f => f.SchedulableSeconds, "0.00"))]));
        sheet.Show("reproduction-over-load", RunCharts.OverLoad(setting.Place(setting.InferCept), _policies.Select(policy => (
            policy.Label,
            setting.Options.CurveLoads.Select(load => At(setting, policy, load)).Where(static p => !p.IsUnstable).Select(static p => (p.Case.Load, p.Of(static f => f.SchedulableSeconds)))))));
        Verdict(setting, text);
    }

    private static void Verdict(LabSetting setting, Markdown text)
    {
        // The largest load below which it never was unstable: beyond the first, a stable point is luck.
        double[] stable = [.. setting.Options.CurveLoads.TakeWhile(load => !At(setting, _forgetful, load).IsUnstable)];
        if (stable.Length == 0)
        {
            text.Say($"`{_forgetful.Label}` is stable at no load of the grid: nothing can be said.");
            return;
        }
        LabPoint forgetful = At(setting, _forgetful, stable[^1]);
        text.Say($"At load {stable[^1]:0.00}, the largest at which `{_forgetful.Label}` is stable, change of the mean JCT against it (goal: −{Goal:0.0%} for `astraea-paper`):");
        text.Table(
            ["policy", "change of mean JCT", "change of S"],
            _policies.Where(static p => p != _forgetful).Select(p => At(setting, p, stable[^1])).Select(point => (IReadOnlyList<string>)(point.IsUnstable
                ? [point.Case.Policy.Label, "unstable", "–"]
                : [point.Case.Policy.Label, LabText.Change(point.Over(forgetful, static f => f.JctSeconds)), LabText.Change(point.Over(forgetful, static f => f.SchedulableSeconds))])));
        LabPoint paper = At(setting, LabPolicies.PaperWithOracle, stable[^1]);
        if (paper.IsUnstable)
            return;
        Interval ratio = paper.Over(forgetful, static f => f.JctSeconds);
        text.Say($"The goal is {(ratio.Mean <= 1 - Goal ? "reached" : "not reached")}. Tools take {forgetful.Of(static f => f.FloorSeconds).Mean:0.0} s of a job together with its compute alone: no policy gets below that floor.");
    }

    private static LabPoint At(LabSetting setting, LabPolicy policy, double load) => setting.Bench[new LabCase(setting.InferCept, policy, load)];
}
