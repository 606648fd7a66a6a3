using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>vllm-fcfs</c>: calls in the order they came, KV dropped at every tool call, no prefix cache.</summary>
/// <remarks>
/// The engine of Kwon et al. 2023 (PagedAttention, arXiv 2309.06180 §4.5) as the paper's baseline runs it: each turn is a new call at the end of the queue, and
/// its whole context is computed again. Strict: what does not fit holds up what came later.
/// </remarks>
public sealed class VllmFcfs() : PlainPolicy(PolicyName, new DiscardKv())
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "vllm-fcfs";

    /// <inheritdoc/>
    public override bool LowerQueuesFill => false;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByTurn(inputs);
}
