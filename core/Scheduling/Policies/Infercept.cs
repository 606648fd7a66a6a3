using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>infercept</c>: agent requests in the order they first arrived; KV by least waste.</summary>
/// <remarks>
/// Abhyankar et al., InferCept (arXiv 2402.01869 §4): a request that comes back from its tool keeps its first arrival time, and <see cref="MinWasteKv"/> decides
/// what becomes of its KV. With tool times known it is the oracle bound of SCHEDULING.md §4.
/// </remarks>
public sealed class Infercept(MinWasteOptions? options = null) : PlainPolicy(PolicyName, new MinWasteKv(options))
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "infercept";

    /// <inheritdoc/>
    public override bool LowerQueuesFill => false;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByProgram(inputs);
}
