namespace Astraea.Core.KvCache;

/// <summary>Which rule decides what becomes of KV at a tool call.</summary>
public enum KvPolicyKind
{
    /// <summary>Leave it to the prefix cache and the host tier by least recent use; no pins (program-fcfs).</summary>
    CacheOnly,

    /// <summary>By memory pressure, as published: preserve low, swap moderate, discard critical, freed at once (astraea-paper).</summary>
    PressurePaper,

    /// <summary>By memory pressure with lazy write-back: swapped blocks stay usable until overwritten (astraea).</summary>
    PressureLazy,
}
