using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Core.Prediction;

namespace Astraea.Core.Tests.Prediction;

public class CalibrationTests
{
    [Fact]
    public void The_table_sets_what_came_beside_what_was_predicted()
    {
        ImmutableArray<CalibrationRow> table = Calibration.Table(
            [new(10, 30), new(1, 2), new(10, 10), new(1, 1), new(1, 3), new(10, 20)], rows: 2);
        Assert.Equal((CalibrationRow[])[new CalibrationRow(3, 1, 2, 1, 2, 3), new CalibrationRow(3, 10, 20, 10, 20, 30)], table.ToArray());
        Assert.Empty(Calibration.Table([]));
        Assert.Single(Calibration.Table([new(1, 1)]));
    }

    /// <summary>Quantiles learned from half of a distribution cover the other half as they say.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Predicted_quantiles_cover_new_draws(double share)
    {
        ToolDuration tool = new();
        SeededGenerator random = new(12);
        List<Judged> judged = [];
        for (int i = 0; i < 4000; i++)
        {
            double actual = 5 * random.NextExponential();
            if (i > 500)
                judged.Add(new Judged(tool.Remaining("c", "t", share, 0), actual));
            tool.Learn("c", "t", actual);
        }
        Assert.InRange(Calibration.Coverage(judged), share - 0.08, share + 0.08);
        Assert.True(double.IsNaN(Calibration.Coverage([])));
    }

    [Fact]
    public void Concordance_is_a_half_for_a_guess_and_one_for_perfect_order()
    {
        SeededGenerator random = new(13);
        Judged[] draws = [.. Enumerable.Range(0, 500).Select(_ => random.NextDouble()).Select(actual => new Judged(actual * 3, actual))];
        Assert.Equal(1, Calibration.Concordance(draws));
        Assert.Equal(0.5, Calibration.Concordance([.. draws.Select(d => d with { Predicted = 1 })]));
        Assert.InRange(Calibration.Concordance([.. draws.Select(d => d with { Predicted = random.NextDouble() })]), 0.45, 0.55);
    }
}
