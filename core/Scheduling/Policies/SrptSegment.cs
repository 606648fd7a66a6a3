using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>srpt-segment</c>: the segment with least predicted service first, whatever its program still needs.</summary>
/// <remarks>With segment lengths known it is a bound (SCHEDULING.md §4), with learned ones a baseline. Schrage 1968 for the rule; a segment that runs is left to run.</remarks>
public sealed class SrptSegment() : PlainPolicy(PolicyName, new CacheOnly())
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "srpt-segment";

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) =>
        new(0, 1 / Math.Max(inputs.SegmentSeconds, SchedulingPolicies.SecondsMin), inputs.Arrival, inputs.Request);
}
