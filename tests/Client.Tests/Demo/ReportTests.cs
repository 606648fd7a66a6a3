using System.Collections.Immutable;
using Astraea.Cli.Demo.Plan;
using Astraea.Cli.Demo.Replay;
using Astraea.Cli.Demo.Report;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Tests.Demo;

public sealed class ReportTests
{
    private static readonly CostModel Costs = new(0.1, 0.001, 0.01);

    [Fact]
    public void Percentiles_are_nearest_rank()
    {
        double[] values = [.. Enumerable.Range(1, 200).Select(static i => (double)i)];
        Assert.Equal(198, Statistics.Percentile(values, 0.99));
        Assert.Equal(100, Statistics.Percentile(values, 0.5));
        Assert.Equal(7, Statistics.Percentile([7], 0.99));
    }

    [Fact]
    public void A_backlogged_rate_leaves_out_the_end_that_is_no_longer_backlogged() =>
        Assert.Equal(2, Statistics.BackloggedRate([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 30]), 1e-9);

    [Fact]
    public void Spreads_print_a_range_only_when_there_are_several_seeds()
    {
        Assert.Equal("1.50", Spread.Of([1.5]).Print("0.00"));
        Assert.Equal("2.00 (1.00–3.00)", Spread.Of([1, 3]).Print("0.00"));
    }

    [Fact]
    public void Figures_of_a_policy_follow_from_outcomes_and_receipts()
    {
        // Arrives at 1, tool time 2, ends at 5: JCT 4, schedulable 2. Alone: 0.1 + 0.1 + 0.2 and 0.1 + 0.02 + 0.1.
        RequestOutcome outcome = Outcome(1, [new(100, 20, 1, 2), new(140, 10, 4, 5)], "h", null);

        PolicyFigures figures = PolicyFigures.Of("p", 1, [outcome, outcome with { Error = "lost", Receipt = null }], Costs);

        Assert.Equal((2, 1, 1), (figures.Requests, figures.Completed, figures.Exact));
        Assert.Equal(4, figures.JctSeconds, 1e-9);
        Assert.Equal(2, figures.SchedulableSeconds, 1e-9);
        Assert.Equal(2 + 0.62, figures.FloorSeconds, 1e-9);
        Assert.Equal(2 / 0.62, figures.SlowdownMean, 1e-9);
        Assert.Equal((1L, 2L, 3L, 4L, 5L), (figures.Preserved, figures.Swapped, figures.Discarded, figures.Migrated, figures.RecomputedTokens));
        Assert.Equal(0.25, figures.CachedShare, 1e-9);
        Assert.Equal(140, figures.WorkingSetTokens);
    }

    [Fact]
    public void An_output_that_misses_a_token_is_not_exact()
    {
        Assert.True(Outcome(0, [new(100, 20, 1, 2), new(140, 10, 4, 5)], "h", null).IsExact);
        Assert.False(Outcome(0, [new(100, 19, 1, 2), new(140, 10, 4, 5)], "h", null).IsExact);
    }

    [Fact]
    public void Outputs_are_compared_where_all_policies_completed()
    {
        ImmutableArray<PlayedSegment> s = [new(100, 20, 1, 2), new(140, 10, 4, 5)];
        ImmutableArray<RequestOutcome> first = [Outcome(0, s, "a", null), Outcome(0, s, "b", null), Outcome(0, s, "c", null)];
        ImmutableArray<RequestOutcome> second = [Outcome(0, s, "a", null), Outcome(0, s, "x", null), Outcome(0, s, "c", "failed")];

        Assert.Equal((2, 1), SeedFigures.CompareOutputs([first, second]));
    }

    [Fact]
    public void The_table_has_one_cell_for_each_policy_and_paired_ratios()
    {
        PolicyFigures baseline = PolicyFigures.Of("program-fcfs", 1, [Outcome(1, [new(100, 20, 1, 2), new(140, 10, 4, 5)], "h", null)], Costs);
        PolicyFigures other = baseline with { Policy = "astraea", SchedulableSeconds = baseline.SchedulableSeconds / 2 };
        PolicyFigures worse = other with { SchedulableSeconds = baseline.SchedulableSeconds * 3 };
        var pool = new PoolPlan(10, 10, 320, 1, false);

        ImmutableArray<ReportRow> rows = ReportTable.Rows(
            [new SeedFigures(1, 2, 1.6, pool, 1, 1, [baseline, other]), new SeedFigures(2, 2, 1.6, pool, 1, 1, [baseline, worse])]);

        Assert.All(rows, static r => Assert.Equal(2, r.Cells.Length));
        Assert.Equal(["2/2", "2/2"], Cells("completed"));
        Assert.Equal(["0.80 (0.80–0.80)", "0.80 (0.80–0.80)"], Cells("offered load λ/λ_sat"));
        Assert.Equal(["1.00 (1.00–1.00)", "1.75 (0.50–3.00)"], Cells("schedulable JCT / program-fcfs"));
        Assert.Equal("229 (229–229)", Cells("pools / working set, %")[0]);

        string[] Cells(string label) => [.. rows.Single(r => r.Label == label).Cells];
    }

    [Fact]
    public void Without_the_baseline_there_are_no_ratios()
    {
        PolicyFigures only = PolicyFigures.Of("astraea", 1, [Outcome(1, [new(100, 20, 1, 2), new(140, 10, 4, 5)], "h", null)], Costs);
        Assert.DoesNotContain(
            ReportTable.Rows([new SeedFigures(1, 2, 1.6, new PoolPlan(1, 1, 16, 1, false), 1, 1, [only])]), static r => r.Label.Contains('/', StringComparison.Ordinal) && r.Label.Contains("fcfs", StringComparison.Ordinal));
    }

    private static RequestOutcome Outcome(double arrival, ImmutableArray<PlayedSegment> segments, string hash, string? error) => new(
        new PlannedRequest(0, "n", "c", TimeSpan.FromSeconds(arrival), [new(80, 20, "t", TimeSpan.FromSeconds(2)), new(10, 10, null, TimeSpan.Zero)]),
        "id", segments, hash, error,
        Receipt.Zero with { PromptTokens = 240, CachedTokens = 60, RecomputedTokens = 5, Migrations = 4, Decisions = new KvDecisionCounts(1, 2, 3) });
}
