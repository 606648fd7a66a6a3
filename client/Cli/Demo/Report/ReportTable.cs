using System.Collections.Immutable;

namespace Astraea.Cli.Demo.Report;

/// <summary>A row of the table: a label and one cell for each policy.</summary>
internal sealed record ReportRow(string Label, ImmutableArray<string> Cells);

/// <summary>The table at the end: policies side by side, figures below each other. Pure.</summary>
internal static class ReportTable
{
    /// <summary>Policy that the others are held against.</summary>
    public const string Baseline = "program-fcfs";

    /// <summary>Names of the columns.</summary>
    public static ImmutableArray<string> Columns(ImmutableArray<SeedFigures> seeds) => [.. seeds[0].Policies.Select(static p => p.Policy)];

    /// <summary>All rows; means over seeds, with the range when there are several.</summary>
    public static ImmutableArray<ReportRow> Rows(ImmutableArray<SeedFigures> seeds)
    {
        int policies = seeds[0].Policies.Length;
        ReportRow Row(string label, string format, Func<PolicyFigures, double> of, double unit = 1) => new(
            label, [.. Enumerable.Range(0, policies).Select(p => Spread.Of(seeds.Select(s => of(s.Policies[p]) / unit)).Print(format))]);
        var rows = ImmutableArray.CreateBuilder<ReportRow>();
        rows.Add(new ReportRow("completed", [.. Enumerable.Range(0, policies).Select(
            p => $"{seeds.Sum(s => s.Policies[p].Completed)}/{seeds.Sum(s => s.Policies[p].Requests)}")]));
        rows.Add(new ReportRow("offered load λ/λ_sat", [.. Enumerable.Repeat(
            Spread.Of(seeds.Select(static s => s.OfferedPerSecond / s.SaturationPerSecond)).Print("0.00"), policies)]));
        rows.Add(Row("mean JCT, s", "0.00", static p => p.JctSeconds));
        rows.Add(Row("  its floor, s", "0.00", static p => p.FloorSeconds));
        rows.Add(Row("mean schedulable JCT, s", "0.00", static p => p.SchedulableSeconds));
        rows.Add(Row("slowdown, mean", "0.0", static p => p.SlowdownMean));
        rows.Add(Row("slowdown, p99", "0.0", static p => p.SlowdownP99));
        if (Ratios(seeds, static p => p.SchedulableSeconds) is { } schedulable)
        {
            rows.Add(new ReportRow($"schedulable JCT / {Baseline}", schedulable));
            rows.Add(new ReportRow($"slowdown p99 / {Baseline}", Ratios(seeds, static p => p.SlowdownP99)!.Value));
        }
        rows.Add(Row("KV preserved", "0", static p => p.Preserved));
        rows.Add(Row("KV swapped", "0", static p => p.Swapped));
        rows.Add(Row("KV discarded", "0", static p => p.Discarded));
        rows.Add(Row("KV migrated", "0", static p => p.Migrated));
        rows.Add(Row("recomputed tokens", "0", static p => p.RecomputedTokens));
        rows.Add(Row("swapped out, MiB", "0.0", static p => p.SwappedOutBytes, 1 << 20));
        rows.Add(Row("swapped in, MiB", "0.0", static p => p.SwappedInBytes, 1 << 20));
        rows.Add(Row("preemptions", "0", static p => p.Preemptions));
        rows.Add(Row("input found in KV, %", "0", static p => p.CachedShare * 100));
        rows.Add(new ReportRow("pools / working set, %", [.. Enumerable.Range(0, policies).Select(
            p => Spread.Of(seeds.Select(s => 100 * s.Pool.Share * s.Pool.WorkingSetTokens / s.Policies[p].WorkingSetTokens)).Print("0"))]));
        return rows.ToImmutable();
    }

    /// <summary>Each policy over the baseline on the same arrivals, seed by seed; null when the baseline did not run.</summary>
    private static ImmutableArray<string>? Ratios(ImmutableArray<SeedFigures> seeds, Func<PolicyFigures, double> of)
    {
        int baseline = seeds[0].Policies.Select(static p => p.Policy).ToList().IndexOf(Baseline);
        if (baseline < 0)
            return null;
        return [.. Enumerable.Range(0, seeds[0].Policies.Length).Select(
            p => Spread.Of(seeds.Select(s => of(s.Policies[p]) / of(s.Policies[baseline]))).Print("0.00"))];
    }
}
