namespace Astraea.Core.KvCache.Policies;

/// <summary>A policy over prefix cache and host tier with lazy write-back: what has been copied stays usable on the device until it is overwritten.</summary>
public abstract class LazyTierKv : IKvPolicy
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public bool PrefixCache => true;

    /// <inheritdoc/>
    public bool HostTier => true;

    /// <inheritdoc/>
    public bool WritesBack => true;

    /// <inheritdoc/>
    public KvRelease AfterSwap => KvRelease.Recent;

    /// <inheritdoc/>
    public abstract double WatchedPressure { get; }

    /// <inheritdoc/>
    public virtual bool RanksContexts => false;

    /// <inheritdoc/>
    public abstract KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now);
}
