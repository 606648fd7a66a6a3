namespace Astraea.Core.KvCache.Policies;

/// <summary>No decision at a tool call: KV is left to the prefix cache and, where there is one, the host tier, by least recent use.</summary>
/// <remarks>
/// vLLM's automatic prefix caching (Kwon et al. 2023 for the blocks; the cache is described in vLLM's documentation): a freed block stays findable by
/// its hash until it is the least recently used one and its room is needed.
/// </remarks>
/// <param name="hostTier">Whether evicted blocks go to a host tier.</param>
public sealed class CacheOnly(bool hostTier = true) : IKvPolicy
{
    private const string Why = "left to the prefix cache by least recent use";

    /// <inheritdoc/>
    public string Name => HostTier ? "cache+host" : "cache";

    /// <inheritdoc/>
    public bool PrefixCache => true;

    /// <inheritdoc/>
    public bool HostTier => hostTier;

    /// <inheritdoc/>
    public bool WritesBack => hostTier;

    /// <inheritdoc/>
    public KvRelease AfterSwap => KvRelease.Recent;

    /// <inheritdoc/>
    public double WatchedPressure => double.PositiveInfinity;

    /// <inheritdoc/>
    public KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now) => new(KvDecision.None, Why, null);
}
