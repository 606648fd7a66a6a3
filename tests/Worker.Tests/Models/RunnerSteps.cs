using Astraea.Worker.Engine;

namespace Astraea.Worker.Tests.Models;

/// <summary>Steps a runner the way tests read best.</summary>
internal static class RunnerSteps
{
    /// <summary>Blocks that <paramref name="tokens"/> tokens take.</summary>
    public static int BlocksFor(int tokens) => (tokens + 15) / 16;

    /// <summary>Blocks first, first + 1, … for a number of tokens.</summary>
    public static int[] Blocks(int tokens, int first = 0) => [.. Enumerable.Range(first, BlocksFor(tokens))];

    /// <summary>Runs one step of several sequences.</summary>
    /// <returns>Logits of the sequences that want them, in order.</returns>
    public static float[][] Step(this IModelRunner runner, params StepSequence[] sequences)
    {
        var batch = new StepBatch();
        foreach (StepSequence sequence in sequences)
            batch.Add(sequence);
        int vocabulary = runner.Shape.Vocabulary;
        var logits = new float[batch.LogitRows * vocabulary];
        runner.Forward(batch, logits);
        return [.. logits.Chunk(vocabulary)];
    }

    /// <summary>Runs rows of one sequence and returns the logits of the last.</summary>
    public static float[] Logits(this IModelRunner runner, ReadOnlyMemory<int> tokens, int position, int[] blocks) =>
        runner.Step(new StepSequence(tokens, position, blocks, WantsLogits: true))[0];

    /// <summary>log softmax, in double.</summary>
    public static double[] LogSoftmax(float[] logits)
    {
        double max = logits.Max();
        double log = Math.Log(logits.Sum(v => Math.Exp(v - max))) + max;
        return [.. logits.Select(v => v - log)];
    }

    /// <summary>Index of the largest.</summary>
    public static int ArgMax(float[] logits) => Array.IndexOf(logits, logits.Max());
}
