using Astraea.Worker.Kernels;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Worker.Tests.Models;

public sealed class GoldenTests
{
    // Allowed error of a log-probability with f32 weights and KV (ENGINE.md, Exactness).
    private const double Tolerance = 2e-4;

    public static TheoryData<string, InstructionSet> Paths => Golden.NamesAndSets();

    [Theory]
    [MemberData(nameof(Paths))]
    public void Log_probabilities_after_each_prompt_are_the_golden_ones(string name, InstructionSet set)
    {
        Golden golden = Golden.Load(name);
        using var runner = new CpuModelRunner(golden.Model, kvBlocks: 20, set: set);
        Assert.Equal(13, golden.Cases.Length);
        foreach (GoldenCase expected in golden.Cases)
        {
            float[] logits = runner.Logits(expected.Prompt, 0, RunnerSteps.Blocks(expected.Prompt.Length));
            AssertNear(expected.LogProbabilities, RunnerSteps.LogSoftmax(logits));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Greedy_tokens_are_the_golden_ones_where_the_choice_is_clear(string name, InstructionSet set)
    {
        Golden golden = Golden.Load(name);
        using var runner = new CpuModelRunner(golden.Model, kvBlocks: 20, set: set);
        int same = 0, all = 0;
        foreach (GoldenCase expected in golden.Cases)
        {
            int position = expected.Prompt.Length;
            int[] blocks = RunnerSteps.Blocks(position + expected.Greedy.Length);
            float[] logits = runner.Logits(expected.Prompt, 0, blocks);
            foreach (int token in expected.Greedy)
            {
                // The golden run was not allowed to end.
                logits[golden.Model.Config.EosTokens.Single()] = float.NegativeInfinity;
                int ours = RunnerSteps.ArgMax(logits);
                // Two tokens nearly as likely may change places within the tolerance of each.
                Assert.InRange(logits[ours] - logits[token], 0, 2 * Tolerance);
                all++;
                same += ours == token ? 1 : 0;
                // Fed as the golden run chose, so that one near-tie does not end the comparison.
                logits = runner.Logits(new[] { token }, position++, blocks);
            }
        }
        Assert.Equal(13 * 32, all);
        Assert.InRange(same, all - 2, all);
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - Tolerance, expected[i] + Tolerance);
    }
}
