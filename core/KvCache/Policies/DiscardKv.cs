namespace Astraea.Core.KvCache.Policies;

/// <summary>A tool call ends the engine's interest: blocks are free at once, and the context is computed again on return.</summary>
/// <remarks>What engines without a prefix cache do with an intercepted request (InferCept, arXiv 2402.01869 §3: "Discard").</remarks>
public sealed class DiscardKv : IKvPolicy
{
    /// <inheritdoc/>
    public string Name => "discard";

    /// <inheritdoc/>
    public bool PrefixCache => false;

    /// <inheritdoc/>
    public bool HostTier => false;

    /// <inheritdoc/>
    public bool WritesBack => false;

    /// <inheritdoc/>
    public KvRelease AfterSwap => KvRelease.Free;

    /// <inheritdoc/>
    public double WatchedPressure => double.PositiveInfinity;

    /// <inheritdoc/>
    public KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now) =>
        new(KvDecision.Discard, $"every tool call discards: {situation.OwnBlocks} blocks", null);
}
