using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Astraea.Core.Scheduling;

public sealed partial class HierarchicalHrrn : IColumnScoring
{
    /// <inheritdoc/>
    public void Score(in RankColumns rows, int poolBlocks, Span<int> bands, Span<double> scores)
    {
        rows.Levels.CopyTo(bands);
        Vector256<double> one = Vector256<double>.One;
        Vector256<double> least = Vector256.Create(SchedulingPolicies.SecondsMin);
        Vector256<double> weight = Vector256.Create(_options.MemoryWeight);
        Vector256<double> pool = Vector256.Create((double)Math.Max(1, poolBlocks));
        bool weighsMemory = _options.MemoryWeight != 0;
        ref double waited = ref MemoryMarshal.GetReference(rows.WaitedSeconds);
        ref double segment = ref MemoryMarshal.GetReference(rows.SegmentSeconds);
        ref double request = ref MemoryMarshal.GetReference(rows.RemainingSeconds);
        ref double blocks = ref MemoryMarshal.GetReference(rows.Blocks);
        ref double score = ref MemoryMarshal.GetReference(scores);
        for (int i = 0; i < scores.Length; i += Vector256<double>.Count)
        {
            nuint at = (nuint)i;
            Vector256<double> remaining = Vector256.Max(
                Vector256.Max(Vector256.LoadUnsafe(ref request, at), Vector256.LoadUnsafe(ref segment, at)), least);
            Vector256<double> response = Vector256.LoadUnsafe(ref waited, at) + remaining;
            Vector256<double> gain = _options.Exponent switch
            {
                WaitExponent.Zero => one,
                WaitExponent.Half => Vector256.Sqrt(response),
                WaitExponent.One => response,
                WaitExponent.Two => response * response,
                _ => throw new UnreachableException(),
            };
            Vector256<double> size = weighsMemory ? remaining * (one + weight * Vector256.LoadUnsafe(ref blocks, at) / pool) : remaining;
            (gain / size).StoreUnsafe(ref score, at);
        }
    }

    /// <inheritdoc/>
    public double LevelHoldsUntil(in LevelInputs inputs)
    {
        if (Level(inputs, default) != inputs.Current)
            return 0;
        double remaining = Remaining(inputs.RemainingSeconds, inputs.SegmentSeconds);
        double size = remaining;
        double ratio = (inputs.WaitedSeconds + remaining) / remaining;
        for (double aged = _options.AgingRatio; size >= _options.FirstLevelSeconds; aged *= _options.AgingRatio)
        {
            size /= _options.LevelFactor;
            // The first lift still to come that is more than the hysteresis.
            if (aged > ratio && Bin(size * (1 + _options.Hysteresis)) < inputs.Current)
                return remaining * (aged - 1) * (1 - 1e-9);
        }
        return double.PositiveInfinity;
    }
}
