using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>vllm-apc-host</c>: <see cref="VllmApc"/> with a host tier that takes what the device's cache evicts.</summary>
/// <remarks>As vLLM with a CPU offloading connector: the same order, nothing computed twice while host memory lasts.</remarks>
public sealed class VllmApcHost() : PlainPolicy(PolicyName, new CacheOnly())
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "vllm-apc-host";

    /// <inheritdoc/>
    public override bool LowerQueuesFill => false;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByTurn(inputs);
}
