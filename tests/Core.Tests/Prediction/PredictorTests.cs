using Astraea.Core.Determinism;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Prediction;

public class PredictorTests
{
    [Fact]
    public void A_constant_is_learned_exactly()
    {
        LogHistogram histogram = new();
        for (int i = 0; i < 10; i++)
            histogram.Learn(37);
        Assert.Equal(37, histogram.Mean());
        Assert.Equal(37, histogram.Quantile(0.5));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Quantiles_of_a_spread_converge_within_a_bin(double share)
    {
        LogHistogram histogram = new();
        SeededGenerator random = new(9);
        for (int i = 0; i < 5000; i++)
            histogram.Learn(100 * random.NextDouble());
        // A quarter of an octave is 19 % wide, and what is kept is the last few hundred observations.
        Assert.InRange(histogram.Quantile(share)!.Value, 100 * share * 0.75, 100 * share * 1.25);
        Assert.InRange(histogram.Mean()!.Value, 46, 54);
    }

    [Fact]
    public void Old_observations_fade()
    {
        LogHistogram histogram = new();
        for (int i = 0; i < 2000; i++)
            histogram.Learn(10);
        for (int i = 0; i < 3000; i++)
            histogram.Learn(1000);
        Assert.InRange(histogram.Mean()!.Value, 980, 1000);
        Assert.InRange(histogram.Weight, 200, LogHistogram.WeightMax);
    }

    [Fact]
    public void What_is_not_a_number_or_negative_is_not_learned()
    {
        LogHistogram histogram = new();
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity, -1])
            histogram.Learn(bad);
        Assert.Equal(0, histogram.Weight);
        Assert.Null(histogram.Mean());
        histogram.Learn(0);
        Assert.Equal(0, histogram.Mean());
    }

    [Fact]
    public void The_more_time_has_passed_the_longer_a_heavy_tailed_tool_still_takes()
    {
        ToolDuration tool = new();
        for (int i = 0; i < 90; i++)
            tool.Learn("agent", "search", 1);
        for (int i = 0; i < 10; i++)
            tool.Learn("agent", "search", 100);
        Assert.InRange(tool.Remaining("agent", "search", 0.5, 0), 0.8, 1.3);
        Assert.InRange(tool.Remaining("agent", "search", 0.5, 2), 60, 99);
        Assert.InRange(tool.StillWorksAfter("agent", "search", 0, 10), 0.08, 0.2);
        Assert.InRange(tool.StillWorksAfter("agent", "search", 2, 10), 0.85, 1);
    }

    [Fact]
    public void An_unknown_tool_is_expected_to_take_as_long_again_as_it_has()
    {
        ToolDuration tool = new();
        Assert.Equal(7, tool.Remaining("agent", "new", 0.5, 7));
        Assert.Equal(0.5, tool.StillWorksAfter("agent", "new", 7, 7));
    }

    [Fact]
    public void Output_predictions_converge_by_category_and_turn_and_keep_to_the_spec()
    {
        OutputLength output = new();
        for (int i = 0; i < 400; i++)
        {
            output.Learn("coder", null, 0, 300);
            output.Learn("coder", "bash", 1, 20);
            output.Learn("chat", null, 0, 80);
        }
        Assert.InRange(output.Total("coder", null, 0, 0, 0, 0), 285, 305);
        Assert.InRange(output.Total("coder", "bash", 1, 0, 0, 0), 20, 26);
        Assert.InRange(output.Total("chat", null, 0, 0, 0, 0), 78, 84);
        Assert.Equal(50, output.Total("coder", null, 0, 0, 0, 50));
        Assert.Equal(64, output.Total("coder", "bash", 1, 0, 64, 200));
        Assert.Equal(41, output.Total("chat", null, 0, 40, 0, 40));
    }

    [Fact]
    public void An_unknown_category_leans_on_all_others()
    {
        OutputLength output = new();
        Assert.Equal(OutputLength.PriorTokens, output.Total("new", null, 0, 0, 0, 0));
        for (int i = 0; i < 200; i++)
            output.Learn("coder", null, 0, 400);
        Assert.InRange(output.Total("new", null, 0, 0, 0, 0), 380, 400);
    }

    [Fact]
    public void Invented_categories_do_not_grow_memory_and_do_not_drown_known_ones()
    {
        BackoffEstimator estimator = new(keysMax: 64);
        for (int i = 0; i < 20; i++)
            estimator.Learn([0, 1], 5);
        for (ulong invented = 1000; invented < 5000; invented++)
            estimator.Learn([0, invented], 500);
        Assert.InRange(estimator.Keys, 2, 64);
        Assert.InRange(estimator.Mean([1], 5), 5, 5);
        Assert.InRange(estimator.Mean([0], 5), 450, 500);
    }

    [Fact]
    public void Estimators_are_deterministic()
    {
        double[] runs = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            OutputLength output = new();
            SeededGenerator random = new(4);
            for (int i = 0; i < 3000; i++)
                output.Learn("c" + random.NextInt(5), random.NextInt(2) == 0 ? null : "t" + random.NextInt(3), random.NextInt(9), random.NextInt(1, 500));
            return output.Total("c1", "t2", 4, 17, 0, 0);
        })];
        Assert.Equal(BitConverter.DoubleToInt64Bits(runs[0]), BitConverter.DoubleToInt64Bits(runs[1]));
    }

    [Theory]
    [InlineData(100, 0, 0, 0, 0.1)]
    [InlineData(100, 40, 0, 10, 0.16)]
    [InlineData(100, 0, 40, 10, 0.164)]
    [InlineData(100, 40, 60, 10, 0.142)]
    [InlineData(100, 100, 0, 10, 0.101)]
    [InlineData(100, 500, 0, 0, 0.001)]
    public void Service_cost_adds_what_is_computed_copied_and_generated(int context, int device, int host, double output, double expected) =>
        Assert.Equal(expected, ServiceCost.SegmentSeconds(new CostProfile(0.001, 0.01, 0.0001, 0.0002), context, device, host, output), 1e-12);
}
