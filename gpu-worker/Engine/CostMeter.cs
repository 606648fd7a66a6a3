using Astraea.Core.Scheduling;

namespace Astraea.Worker.Engine;

/// <summary>What steps and copies cost this engine: measured once at start, then learned while serving.</summary>
/// <remarks>
/// A step is taken as prefill rows · p + decode rows · d. After each step the error is shared between p and d by their part in the
/// prediction, with a small weight, so both follow the operating batch (a normalised least-mean-squares update).
/// </remarks>
internal sealed class CostMeter
{
    private const double Weight = 0.05;
    private const double RatioMost = 4;
    private double _prefill = 1e-4;
    private double _decode = 1e-3;
    private double _swap = 1e-6;
    private double _migrate = 1e-5;

    /// <summary>Costs as they are now.</summary>
    public CostProfile Profile => new(_prefill, _decode, _swap, _migrate);

    /// <summary>Seconds for a token's KV to cross between device and host (s).</summary>
    public double SwapSecondsPerToken => _swap;

    /// <summary>Marginal seconds of an input token (s).</summary>
    public double PrefillSecondsPerToken => _prefill;

    /// <summary>Measures an idle engine with a few steps and copies. Overwrites KV blocks, so it runs before the first segment.</summary>
    public void Calibrate(IModelRunner runner, int stepTokens, int slots, TimeProvider time)
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

        _prefill = Best(() => runner.Forward(prefill, logits.AsSpan(0, runner.Shape.Vocabulary)), time) / rows;
        _decode = Best(() => runner.Forward(decode, logits), time) / lanes;
        byte[] bytes = new byte[runner.Kv.BlockBytes];
        _swap = Best(() => { runner.Kv.CopyOut(0, bytes); runner.Kv.CopyIn(0, bytes); }, time) / (2 * blockTokens);
        _migrate = Math.Max(4 * _swap, 1e-6); // Until a move has been measured: two copies, a hash, and the wire.
    }

    /// <summary>Learns from a step.</summary>
    public void Step(int prefillRows, int decodeRows, double seconds)
    {
        double predicted = prefillRows * _prefill + decodeRows * _decode;
        if (predicted <= 0 || seconds <= 0)
            return;
        double error = Math.Clamp(seconds / predicted, 1 / RatioMost, RatioMost) - 1;
        _prefill *= 1 + Weight * error * (prefillRows * _prefill / predicted);
        _decode *= 1 + Weight * error * (decodeRows * _decode / predicted);
    }

    /// <summary>Learns from a finished move to another worker.</summary>
    public void Moved(int tokens, double seconds) => _migrate += 0.25 * (seconds / Math.Max(1, tokens) - _migrate);

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
