using System.Diagnostics;
using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Reports.Experiments;

/// <summary>How fast the simulator itself is: one run at a time on one core.</summary>
internal sealed class Cost : ILabExperiment
{
    private const double Load = 0.9;

    public string Name => "cost";

    public IEnumerable<LabCase> Cases(LabSetting setting) => [];

    public void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation)
    {
        sheet.Text.Heading(2, "Cost of the simulation");
        sheet.Text.Say("Wall clock of single runs on one core, `astraea`. Cost of a plan and memory of a live request: bench/core.");
        int jobs = setting.Options.Quick ? 5_000 : 50_000;
        (string What, LabWorkload Workload, int Workers, int Jobs)[] runs =
        [
            ("one worker", setting.InferCept, 1, jobs),
            ("many workers", setting.InferCept, setting.Options.Quick ? 50 : 1_000, setting.Options.Quick ? 10_000 : 100_000),
        ];
        sheet.Text.Table(["run", "workers", "segments", "wall clock, s", "segments/min", "virtual time, s"], runs.Select(r => Time(setting, r.What, r.Workload, r.Workers, r.Jobs, cancellation)));
    }

    private static IReadOnlyList<string> Time(LabSetting setting, string what, LabWorkload workload, int workers, int jobs, CancellationToken cancellation)
    {
        double rate = Load * workers * setting.Bench.Saturated(workload.Reported, cancellation).SessionsPerSecond;
        Traffic traffic = Traffic.Make(workload.Reported, new Demand(rate, jobs), setting.Bench.Hardware, 1);
        Scenario scenario = traffic.Into(new Scenario(setting.Bench.Hardware, workers, LabPolicies.Ours.Create(), [], 1));
        Stopwatch watch = Stopwatch.StartNew();
        RunResult result = setting.Bench.Run(scenario, cancellation);
        double seconds = watch.Elapsed.TotalSeconds;
        return [what, $"{workers}", $"{result.Totals.Segments}", seconds.ToString("0.0"), (result.Totals.Segments / seconds * 60).ToString("0"), result.Totals.EndSeconds.ToString("0")];
    }
}
