using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Batching;

/// <summary>What running and waiting segments want of the memory while KV of waiting agents is decided on.</summary>
/// <param name="ReservedBlocks">Blocks that admitted segments still need for tokens they know (blocks).</param>
/// <param name="BatchTokens">Tokens in the contexts of the running batch (tokens).</param>
/// <param name="WantedBlocks">Blocks that segments wait for which are ready and do not fit (blocks).</param>
/// <param name="Costs">What computing and copying cost here; null before anything is known.</param>
public readonly record struct KvDemand(int ReservedBlocks, int BatchTokens, int WantedBlocks, CostProfile? Costs);

/// <summary>Says that the KV of a waiting agent is elsewhere now.</summary>
/// <param name="Request">Whose KV.</param>
/// <param name="Place">Where it is on this worker.</param>
/// <param name="Decided">Whether a decision put it there, which its history shall know; else blocks were merely evicted.</param>
public sealed record KvChange(RequestId Request, KvPlace Place, bool Decided);
