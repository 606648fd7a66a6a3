using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>vllm-apc</c>: <see cref="VllmFcfs"/> with the prefix cache of the device, least recently used first to go.</summary>
/// <remarks>vLLM's automatic prefix caching: blocks found by the hash of all tokens up to their end.</remarks>
public sealed class VllmApc() : PlainPolicy(PolicyName, new CacheOnly(hostTier: false))
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "vllm-apc";

    /// <inheritdoc/>
    public override bool LowerQueuesFill => false;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByTurn(inputs);
}
