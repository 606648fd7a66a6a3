using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>mori</c>: the busiest programs own the device as far as it reaches, and run first.</summary>
/// <remarks>
/// Xia et al., MORI (arXiv 2606.00866 §4): programs ranked by idleness, the share of their recent life spent in tools; tiers filled in that order
/// (<see cref="RankedTierKv"/>), admission to each tier bounded by its room. Simplified: admission to the device is the engine's own, in the order busiest first
/// among programs whose KV is on the device, then the others by arrival, so that who lost its place does not push out who has one.
/// </remarks>
public sealed class Mori(RankedTierOptions? options = null) : PlainPolicy(PolicyName, new RankedTierKv(options))
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "mori";

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => inputs.Pinned
        ? new Rank(0, 1 - inputs.Idleness, inputs.Arrival, inputs.Request)
        : ByProgram(inputs, band: 1);
}
