using System.Collections.Immutable;
using Astraea.Core.KvCache;

namespace Astraea.Core.Scheduling;

/// <summary>Parameters of <see cref="StatefulMlfq"/>. The paper does not publish them; these are our starting values (SCHEDULING.md §1).</summary>
public sealed record StatefulMlfqOptions
{
    /// <summary>Token cost above which a segment sends its request down, for each queue but the last (tokens). Positive, not falling. There is one queue more than thresholds.</summary>
    public ImmutableArray<int> Thresholds { get; init; } = [128, 256, 384, 512, 640];

    /// <summary>(W + T)/T above which the last queue is left for the first. More than 1.</summary>
    public double AgingRatio { get; init; } = 8;

    /// <summary>Whether segments join only when the running batch has ended, as in the paper. Default: they join at any step.</summary>
    public bool BatchSynchronous { get; init; }

    /// <summary>Calls in the order they came instead of queues and ratios; KV as published. Shows what the order alone brings. Default: no.</summary>
    public bool FirstComeFirstServed { get; init; }

    /// <summary>Whether lower queues may use memory that the head of a higher one does not fit in.</summary>
    public bool LowerQueuesFill { get; init; } = true;

    /// <summary>Watermarks and times of the KV decisions.</summary>
    public KvPressureSettings Pressure { get; init; } = KvPressureSettings.Default;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (Thresholds.IsDefaultOrEmpty || Thresholds.Length > 31)
            yield return "Thresholds must have between 1 and 31 entries.";
        else
        {
            for (int i = 0; i < Thresholds.Length; i++)
            {
                if (Thresholds[i] <= 0 || (i > 0 && Thresholds[i] < Thresholds[i - 1]))
                    yield return $"Thresholds[{i}] is {Thresholds[i]}: each must be positive and not below the one before.";
            }
        }
        if (!(AgingRatio > 1) || double.IsInfinity(AgingRatio))
            yield return $"AgingRatio is {AgingRatio}: it must be a number above 1.";
        foreach (string error in Pressure.Errors())
            yield return $"Pressure: {error}";
    }
}
