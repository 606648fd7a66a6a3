using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>sglang-hrrn</c>: highest response ratio next over single calls, their service being the input that is not cached.</summary>
/// <remarks>
/// Cache-aware ordering as in SGLang (Zheng et al., arXiv 2312.07104 §3: the longest cached prefix first), tempered by waiting as in Brinch Hansen's highest
/// response ratio: (w + s)/s. It knows nothing of output or of the program.
/// </remarks>
public sealed class SglangHrrn() : PlainPolicy(PolicyName, new CacheOnly())
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "sglang-hrrn";

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now)
    {
        double perToken = inputs.RecomputeSeconds / Math.Max(1, inputs.ContextTokens);
        double service = Math.Max(Math.Max(1, inputs.UncachedTokens) * perToken, SchedulingPolicies.SecondsMin);
        double waited = Math.Max(0, (now - inputs.SegmentSince).TotalSeconds);
        return new Rank(0, (waited + service) / service, inputs.SegmentSince, inputs.Request);
    }
}
