using System.Collections.Immutable;
using Astraea.Core.Workloads;

namespace Astraea.Core.Tests.Workloads;

public sealed class SamplingTests
{
    private static readonly ImmutableArray<WorkloadRequest> Source =
        [.. Enumerable.Range(0, 100).Select(static i => new WorkloadRequest($"r{i}", i < 90 ? "common" : i < 98 ? "some" : "rare", [new(1, 1, 1, null, null)]))];

    [Fact]
    public void A_sample_keeps_the_shares_and_every_category()
    {
        ImmutableArray<WorkloadRequest> sample = WorkloadSample.Take(Source, 5, 30);

        Assert.Equal(30, sample.Select(static r => r.Id).Distinct().Count());
        Assert.Equal(25, sample.Count(static r => r.Category == "common"));
        Assert.Equal(3, sample.Count(static r => r.Category == "some"));
        Assert.Equal(2, sample.Count(static r => r.Category == "rare"));
    }

    [Fact]
    public void A_sample_is_a_function_of_its_seed()
    {
        Assert.Equal(Ids(WorkloadSample.Take(Source, 5, 30)), Ids(WorkloadSample.Take(Source, 5, 30)));
        Assert.NotEqual(Ids(WorkloadSample.Take(Source, 5, 30)), Ids(WorkloadSample.Take(Source, 6, 30)));
    }

    [Fact]
    public void A_category_that_runs_out_starts_again_under_new_names()
    {
        ImmutableArray<WorkloadRequest> sample = WorkloadSample.Take(Source, 5, 250);

        Assert.Equal(250, sample.Select(static r => r.Id).Distinct().Count());
        Assert.Contains(sample, static r => r.Id.EndsWith("#3", StringComparison.Ordinal));
    }

    [Fact]
    public void Unknown_tool_times_are_drawn_and_known_ones_kept()
    {
        ImmutableArray<WorkloadRequest> source =
            [.. Enumerable.Range(0, 4_000).Select(static i => new WorkloadRequest($"r{i}", "c", [new(1, 1, 1, "t", null), new(1, 3, 1, "t", 4), new(1, 5, 1, null, null)]))];

        ImmutableArray<WorkloadRequest> filled = WorkloadSample.DrawUnknownToolTimes(source, 1, 2.5);

        Assert.InRange(filled.Average(static r => r.Segments[0].ToolSeconds!.Value), 2.3, 2.7);
        Assert.All(filled, static r => Assert.Equal(4, r.Segments[1].ToolSeconds));
        Assert.All(filled, static r => Assert.Null(r.Segments[2].ToolSeconds));
    }

    [Fact]
    public void Poisson_gaps_are_exponential_and_another_rate_only_stretches_them()
    {
        double[] moments = [.. Arrivals.Poisson(9, 20_000, 4).Select(static t => t.TotalSeconds)];
        double[] gaps = [.. moments.Zip(moments.Skip(1), static (a, b) => b - a)];

        Assert.InRange(gaps.Average(), 0.245, 0.255);
        double deviation = Math.Sqrt(gaps.Average(g => (g - gaps.Average()) * (g - gaps.Average())));
        Assert.InRange(deviation / gaps.Average(), 0.97, 1.03);
        // P(gap > 2 means) = e^-2; tells an exponential from other laws with the same two moments.
        Assert.InRange(gaps.Count(static g => g > 0.5) / (double)gaps.Length, 0.128, 0.143);
        double[] slower = [.. Arrivals.Poisson(9, 20_000, 2).Select(static t => t.TotalSeconds)];
        Assert.All(moments.Zip(slower), static pair => Assert.Equal(pair.First * 2, pair.Second, 1e-6 * pair.Second + 1e-6));
    }

    [Theory]
    [InlineData(0, 3, 0)]
    [InlineData(10, 10, 4)]
    [InlineData(10, 10, 0.1)]
    [InlineData(3, 5, 1.5)]
    [InlineData(3, 5, 3.5)]
    public void Draws_have_both_moments_and_keep_their_least(double least, double mean, double deviation)
    {
        var law = new TwoMoments(least, mean, mean > least ? deviation : 0);
        // Draws of a law are seen through a mixture of one category whose output has it.
        ImmutableArray<WorkloadRequest> drawn = SyntheticWorkload.Generate(
            11, 60_000, [new("c", 1, TwoMoments.Always(0), false, TwoMoments.Always(0), TwoMoments.Always(1), law with { Least = least + 100, Mean = mean + 100 }, TwoMoments.Always(0))], 1 << 20);
        double[] outputs = [.. drawn.Select(static r => r.Segments[0].Output - 100.0)];

        double average = outputs.Average();
        double spread = Math.Sqrt(outputs.Average(v => (v - average) * (v - average)));
        Assert.InRange(average, mean * 0.98 - 0.02, mean * 1.02 + 0.02);
        // Rounding at random adds at most a quarter to the variance.
        Assert.InRange(spread, law.Deviation * 0.96, Math.Sqrt(law.Deviation * law.Deviation + 0.25) * 1.04 + 0.02);
        Assert.True(outputs.Min() >= Math.Floor(least));
    }

    private static string Ids(ImmutableArray<WorkloadRequest> requests) => string.Join(' ', requests.Select(static r => r.Id));
}
