namespace Astraea.Core.KvCache.Policies;

/// <summary>Memory × time that a decision on idle KV wastes, in token seconds: M, bytes per token, is common to all and left out.</summary>
/// <remarks>Abhyankar et al., InferCept (arXiv 2402.01869 §4.1–4.3); restated in SCHEDULING.md §2. T_fwd and T_swap are linear in tokens here, as measured.</remarks>
public readonly struct KvWaste
{
    private readonly int _tokens;
    private readonly int _other;

    /// <summary>Reads C, C_other and the costs off the situation.</summary>
    public KvWaste(in KvSituation situation)
    {
        Scheduling.CostProfile costs = situation.Costs ?? Scheduling.Estimates.UnknownCosts;
        _tokens = Math.Max(0, situation.OwnTokens);
        _other = Math.Max(0, situation.BatchTokens);
        RecomputeSeconds = _tokens * costs.PrefillSecondsPerToken;
        // What is in the host tier already is not copied out again, but all of it comes back.
        double copied = situation.OwnBlocks > 0 ? Math.Min(1, (double)situation.CopyBlocks / situation.OwnBlocks) : 1;
        SwapInSeconds = _tokens * costs.SwapSecondsPerToken;
        SwapOutSeconds = SwapInSeconds * copied;
    }

    /// <summary>T_fwd(C) (s).</summary>
    public double RecomputeSeconds { get; }

    /// <summary>T_swap(C), out: less what is in the host tier already (s).</summary>
    public double SwapOutSeconds { get; }

    /// <summary>T_swap(C), back in (s).</summary>
    public double SwapInSeconds { get; }

    /// <summary>T_INT·C: memory held while the tool works.</summary>
    public double Preserve(double toolSeconds) => toolSeconds * _tokens;

    /// <summary>T_fwd(C)·C + T_fwd(C)·C_other: memory held while the context is computed again, its own and that of the batch that waits for it.</summary>
    public double Discard() => RecomputeSeconds * (_tokens + (double)_other);

    /// <summary>T_fwd(C)·C/2 + n·T_fwd(C/n)·C_other: computed again in n chunks, memory grows as it goes. With linear T_fwd, n falls out.</summary>
    public double DiscardChunked() => RecomputeSeconds * (_tokens / 2.0 + _other);

    /// <summary>(T_out + T_in)·C + max(0, T_swap − hidden)·C_batch: memory held while it is copied, and the batch's while it stalls.</summary>
    /// <param name="hiddenSeconds">Copy time that running steps hide (s).</param>
    public double Swap(double hiddenSeconds) =>
        (SwapOutSeconds + SwapInSeconds) * _tokens + Math.Max(0, SwapInSeconds - hiddenSeconds) * _other;

    /// <summary>Seconds of pinning that waste as much as an alternative does (s); infinity when there is nothing to pin.</summary>
    public double BreakEven(double waste) => _tokens == 0 ? double.PositiveInfinity : waste / _tokens;
}
