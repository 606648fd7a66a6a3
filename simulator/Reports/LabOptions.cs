using System.Collections.Immutable;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Reports;

/// <summary>What of the laboratory is run, and how thoroughly.</summary>
/// <param name="Quick">Few seeds, few loads.</param>
/// <param name="Only">Names of experiments; empty for all.</param>
/// <param name="Traces">Folder of recorded workloads; null for synthetic ones.</param>
/// <param name="Jobs">Of a run, warm-up included; sessions of many calls get fewer, see <see cref="LabWorkload"/>.</param>
/// <param name="Seeds">Of a point.</param>
/// <param name="Parallel">Runs at once.</param>
public sealed record LabOptions(bool Quick, ImmutableArray<string> Only, string? Traces, int Jobs, int Seeds, int Parallel)
{
    /// <summary>Loads of the reproduction curve.</summary>
    public ImmutableArray<double> CurveLoads => Quick ? [0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1] : [.. Enumerable.Range(2, 21).Select(static i => Math.Round(i * 0.05, 2))];

    /// <summary>Loads at which goals are stated.</summary>
    public ImmutableArray<double> GoalLoads => Quick ? [0.8, 0.9] : [0.8, 0.85, 0.9, 0.95];
}

/// <summary>A workload of the laboratory, in its two halves.</summary>
/// <param name="Name">Name in tables.</param>
/// <param name="Tuned">Tunes parameters and trains predictors.</param>
/// <param name="Reported">Is reported.</param>
/// <param name="Jobs">Of a run (jobs).</param>
public sealed record LabWorkload(string Name, SessionWorkload Tuned, SessionWorkload Reported, int Jobs)
{
    /// <summary>Divides a workload.</summary>
    public static LabWorkload Of(SessionWorkload workload, int contextTokensMax, int jobs)
    {
        SessionWorkload within = workload.Within(contextTokensMax);
        return new LabWorkload(
            workload.Name, SessionHalves.Take(within, SessionHalf.Tuned) with { Name = $"{workload.Name}, tuned half" }, SessionHalves.Take(within, SessionHalf.Reported), jobs);
    }
}
