using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>continuum</c>: programs in the order they arrived, those whose KV is still pinned before all others.</summary>
/// <remarks>
/// Li et al., Continuum (arXiv 2511.02230 §4): a time to live for the KV of a program whose tool works, chosen from the tool's durations
/// (<see cref="TimeToLiveKv"/>), and program-level first come, first served. When the time has run out, blocks go the way of the cache.
/// </remarks>
public sealed class Continuum(TimeToLiveOptions? options = null) : PlainPolicy(PolicyName, new TimeToLiveKv(options))
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "continuum";

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByProgram(inputs, inputs.Pinned ? 0 : 1);
}
