using Astraea.Fuzz;

namespace Astraea.Worker.Tests.Text;

/// <summary>A few thousand damaged inputs for every reader; <c>tests/Fuzz</c> tries as many as it is told.</summary>
public sealed class FuzzTests
{
    [Theory]
    [InlineData("tokenizer", 700)]
    [InlineData("template", 1500)]
    [InlineData("schema", 500)]
    [InlineData("config", 2000)]
    [InlineData("safetensors", 2000)]
    public void Damaged_inputs_are_read_or_refused_by_their_place(string name, int inputs)
    {
        FuzzReport report = FuzzRun.Run(Targets.All.Single(target => target.Name == name), seed: 20, from: 0, inputs);

        Assert.True(report.Problems.Count == 0, string.Join('\n', report.Problems));
        Assert.Equal(inputs, report.Accepted + report.Refused);
        Assert.True(report.Accepted > 0 && report.Refused > inputs / 2);
    }

    [Fact]
    public void Most_seeds_are_accepted_as_they_are()
    {
        // Some templates refuse the conversation, as they should.
        foreach (Target target in Targets.All)
            Assert.True(target.Seeds.Count(seed => target.Take(seed)) * 2 > target.Seeds.Count, $"Most seeds of {target.Name} are refused.");
    }

    [Fact]
    public void An_input_is_known_by_its_number()
    {
        foreach (Target target in Targets.All)
            Assert.Equal(FuzzRun.Input(target, 3, 14), FuzzRun.Input(target, 3, 14));
    }
}
