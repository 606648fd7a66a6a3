using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Simulator.Model;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Tests.Statistics;

public sealed class StatisticsTests
{
    [Fact]
    public void Quantiles_lie_between_order_statistics()
    {
        double[] sample = [1, 2, 3, 4];
        Assert.Equal(1, Quantiles.Of(sample, 0));
        Assert.Equal(2.5, Quantiles.Of(sample, 0.5));
        Assert.Equal(3.85, Quantiles.Of(sample, 0.95), 9);
        Assert.Equal(4, Quantiles.Of(sample, 1));
    }

    // Values of published tables.
    [Theory]
    [InlineData(1, 12.706)]
    [InlineData(9, 2.262)]
    [InlineData(25, 2.060)]
    [InlineData(60, 2.000)]
    [InlineData(120, 1.980)]
    public void Students_t_is_that_of_the_tables(int freedom, double expected) => Assert.Equal(expected, StudentT.TwoSided95(freedom), 1e-3);

    [Fact]
    public void The_interval_of_a_known_sample_is_the_known_one()
    {
        // Mean 5, deviation 2: half width 2.3646 · 2/√8.
        Interval interval = Interval.OfMean([2.0, 4, 4, 4, 5, 5, 7, 9]);
        Assert.Equal(5, interval.Mean);
        Assert.Equal(5 - 2.3646 * Math.Sqrt(32 / 7.0) / Math.Sqrt(8), interval.Low, 1e-4);
    }

    [Fact]
    public void Intervals_hold_the_true_mean_nineteen_times_in_twenty()
    {
        SeededGenerator draws = new(11);
        int held = 0;
        for (int run = 0; run < 2_000; run++)
        {
            Interval interval = Interval.OfMean(Enumerable.Range(0, 10).Select(_ => draws.NextDouble()).ToArray());
            held += interval.Low <= 0.5 && interval.High >= 0.5 ? 1 : 0;
        }
        Assert.InRange(held / 2_000.0, 0.935, 0.965);
    }

    [Fact]
    public void A_ratio_and_its_inverse_tell_the_same()
    {
        Interval there = Interval.OfPairs([1.0, 2, 3], [2, 3, 5]), back = Interval.OfPairs([2.0, 3, 5], [1, 2, 3]);
        Assert.Equal(1, there.Mean * back.Mean, 1e-12);
        Assert.Equal(1, there.Low * back.High, 1e-12);
    }

    [Fact]
    public void Half_of_the_gap_is_half_of_the_gap()
    {
        Interval closed = GapClosed.Of([10.0, 20, 30], [7.5, 15, 22.5], [5, 10, 15])!.Value;
        Assert.Equal(0.5, closed.Mean, 1e-9);
        Assert.Equal(0.5, closed.Low, 1e-9);
        Assert.Null(GapClosed.Of([10.0], [9], [11]));
    }

    [Fact]
    public void A_backlog_that_grows_is_unstable_and_one_that_wanders_is_not()
    {
        SeededGenerator draws = new(3);
        Interval growing = Backlog.Growth(Samples(i => i / 10), 1_000), wandering = Backlog.Growth(Samples(_ => 40 + draws.NextInt(20)), 1_000);
        Assert.True(Backlog.IsUnstable([growing], 0));
        Assert.Equal(2.0 / 3, growing.Mean, 0.02);
        Assert.False(Backlog.IsUnstable([wandering], 0));
        Assert.True(Backlog.IsUnstable([wandering], 1));
    }

    private static ImmutableArray<TierSample> Samples(Func<int, int> ready) =>
        [.. Enumerable.Range(0, 1_000).Select(i => new TierSample(i, 0, 0, 0, 0, ready(i), 0, 0))];
}
