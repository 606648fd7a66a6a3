using Astraea.Core.Lifecycle;

namespace Astraea.Core.KvCache;

/// <summary>Where the worker leaves an agent's KV when a segment ends (SCHEDULING.md §2; InferCept, arXiv 2402.01869 §4).</summary>
public enum KvDecision
{
    /// <summary>Nothing was held, or nothing is known.</summary>
    None,

    /// <summary>Pinned on the device until reconsidered.</summary>
    Preserve,

    /// <summary>Copied to the host tier; the device blocks are clean and evictable.</summary>
    Swap,

    /// <summary>Unpinned; usable until overwritten, then recomputed.</summary>
    Discard,
}

/// <summary>Where the KV of one agent request lives, as its worker last said.</summary>
/// <param name="Worker">The worker that holds it.</param>
/// <param name="DeviceTokens">Tokens of the context, from its start, with KV on the device (tokens).</param>
/// <param name="HostTokens">Tokens of the context, from its start, with KV in the host tier (tokens).</param>
/// <param name="TipKey">Key of the last full block held, hex; it commits to all blocks before it. Empty when nothing is held.</param>
/// <param name="Decision">The decision that put it there.</param>
/// <param name="Reason">Why, in words with figures.</param>
public sealed record KvPlace(WorkerId Worker, int DeviceTokens, int HostTokens, string TipKey, KvDecision Decision, string Reason)
{
    /// <summary>Tokens that need not be computed again on <see cref="Worker"/> (tokens).</summary>
    public int ResidentTokens => Math.Max(DeviceTokens, HostTokens);
}
