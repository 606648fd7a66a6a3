using Astraea.Core.Scheduling;

namespace Astraea.Worker.Engine;

/// <summary>Measures what steps and copies cost, before anything has been served.</summary>
internal static class Calibration
{
    /// <summary>Costs assumed until they have been measured.</summary>
    public static CostProfile Unmeasured { get; } = new(1e-4, 1e-3, 1e-6, 1e-5);

    /// <summary>Measures an idle engine with a few steps and copies. Overwrites KV blocks, so it runs before the first segment.</summary>
    public static CostProfile Measure(IModelRunner runner, int stepTokens, int slots, TimeProvider time)
    {
        int blockTokens = runner.Kv.BlockTokens;
        int rows = Math.Min(Math.Min(64, stepTokens), Math.Min(runner.Kv.Blocks * blockTokens, runner.Shape.ContextTokensMax) - 1);
        int lanes = Math.Min(Math.Min(4, slots), runner.Kv.Blocks);
        int[] blocks = [.. Enumerable.Range(0, runner.Kv.Blocks)];
        float[] logits = new float[runner.Shape.Vocabulary * lanes];
        StepBatch prefill = new(), decode = new();
        prefill.Add(new StepSequence(new int[rows], 0, blocks, WantsLogits: true));
        for (int lane = 0; lane < lanes; lane++)
            decode.Add(new StepSequence(new int[1], 0, blocks.AsMemory(lane, 1), WantsLogits: true));

        double prefillToken = Best(() => runner.Forward(prefill, logits.AsSpan(0, runner.Shape.Vocabulary)), time) / rows;
        double decodeToken = Best(() => runner.Forward(decode, logits), time) / lanes;
        byte[] bytes = new byte[runner.Kv.BlockBytes];
        double swap = Best(() => { runner.Kv.CopyOut(0, bytes); runner.Kv.CopyIn(0, bytes); }, time) / (2 * blockTokens);
        double migrate = Math.Max(4 * swap, 1e-6); // Until a move has been measured: two copies, a hash, and the wire.
        return new CostProfile(prefillToken, decodeToken, swap, migrate);
    }

    // The best of three: the first run pays for code that was never run before.
    private static double Best(Action action, TimeProvider time)
    {
        double best = double.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long from = time.GetTimestamp();
            action();
            best = Math.Min(best, time.GetElapsedTime(from).TotalSeconds);
        }
        return Math.Max(best, 1e-9);
    }
}
