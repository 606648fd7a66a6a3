using Astraea.Cli.Demo.Plan;

namespace Astraea.Client.Tests.Demo;

public sealed class CostModelTests
{
    private static readonly (int Prefill, int Decode)[] Shapes = [(500, 10), (20, 100), (2000, 4), (30, 300), (100, 50), (60, 1), (900, 200)];

    [Fact]
    public void Exact_samples_give_their_coefficients_back()
    {
        CostModel costs = CostModel.Fit([.. Shapes.Select(static s => new CostSample(s.Prefill, s.Decode, 0.004 + 1e-4 * s.Prefill + 2e-3 * s.Decode))]);

        Assert.Equal(0.004, costs.CallSeconds, 1e-9);
        Assert.Equal(1e-4, costs.PrefillSeconds, 1e-9);
        Assert.Equal(2e-3, costs.DecodeSeconds, 1e-9);
        Assert.Equal(0.004 + 1e-2 + 0.1, costs.SecondsOf(100, 50), 1e-9);
    }

    [Fact]
    public void A_coefficient_never_becomes_negative()
    {
        CostSample[] samples = [.. Shapes.Select(static s => new CostSample(s.Prefill, s.Decode, 1e-3 * s.Decode + 1 - 4e-4 * s.Prefill))];

        CostModel costs = CostModel.Fit(samples);

        Assert.True(costs is { CallSeconds: >= 0, PrefillSeconds: 0, DecodeSeconds: >= 0 });
        Assert.True(costs.MeanRelativeError(samples) > 0);
    }

    [Fact]
    public void Samples_of_one_shape_still_give_a_model_that_predicts_them()
    {
        CostModel costs = CostModel.Fit([new(10, 10, 0.5), new(10, 10, 0.5), new(10, 10, 0.5)]);
        Assert.Equal(0.5, costs.SecondsOf(10, 10), 1e-9);
    }

    [Fact]
    public void Too_few_samples_are_refused() => Assert.Throws<ArgumentException>(static () => CostModel.Fit([new(1, 1, 1), new(2, 1, 1)]));
}
