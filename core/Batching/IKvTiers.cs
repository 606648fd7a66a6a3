using Astraea.Core.KvCache;

namespace Astraea.Core.Batching;

/// <summary>The KV memory of one worker, device and host tier, as its batch uses it.</summary>
/// <typeparam name="TKv">Contexts of this memory.</typeparam>
/// <remarks>A worker's engine has blocks with bytes behind it; the simulator has lengths.</remarks>
public interface IKvTiers<TKv> where TKv : class, IContextKv
{
    /// <summary>Tokens in a block (tokens).</summary>
    int BlockTokens { get; }

    /// <summary>Bytes of a block (By).</summary>
    int BlockBytes { get; }

    /// <summary>Blocks of the device.</summary>
    int DeviceBlocks { get; }

    /// <summary>Device blocks that contexts hold.</summary>
    int DeviceUsed { get; }

    /// <summary>Device blocks that can be had: free, or evictable.</summary>
    int DeviceAvailable { get; }

    /// <summary>Host blocks that can be had.</summary>
    int HostRoom { get; }

    /// <summary>Changes whenever a block may have left either tier.</summary>
    long Evictions { get; }

    /// <summary>Contexts that may have lost blocks since the last call, once each.</summary>
    /// <param name="lost">Grows by them.</param>
    /// <returns>False when that is not known: then every context may have.</returns>
    bool TryTakeLosses(List<TKv> lost);

    /// <summary>Looks up the leading full blocks of a context without taking them.</summary>
    PrefixHits Probe(TKv kv, bool useHost);

    /// <summary>Gives a context without blocks what the device and the host tier hold of it.</summary>
    /// <returns>Blocks copied in from the host tier.</returns>
    int Attach(TKv kv, bool useHost);

    /// <summary>Gives a context without blocks the leading ones that an older context of the same agent holds, and releases the rest of those.</summary>
    void TakeOver(TKv kv, TKv older);

    /// <summary>Holds blocks for so many leading tokens. What could be had is kept also when the answer is false.</summary>
    bool TryGrow(TKv kv, int tokens);

    /// <summary>Releases all blocks, leaves first.</summary>
    void Detach(TKv kv, KvRelease how);

    /// <summary>Full computed blocks of a context that are not in the host tier.</summary>
    int BlocksToCopy(TKv kv);

    /// <summary>Copies the full computed blocks to the host tier, parents first.</summary>
    /// <returns>Blocks copied now, or −1 when the tier could not take all.</returns>
    int CopyToHost(TKv kv);

    /// <summary>Blocks held by this context and nobody else.</summary>
    int OwnBlocks(TKv kv);

    /// <summary>Counts where the leading blocks of a context are.</summary>
    KvResident Resident(TKv kv);

    /// <summary>A name that commits to so many leading blocks of a context.</summary>
    string TipKey(TKv kv, int blocks);
}

/// <summary>What a context would find and need when it joins the batch.</summary>
/// <param name="DeviceBlocks">Leading full blocks found on the device or, behind it, in the host tier and already counted there.</param>
/// <param name="HostBlocks">Of the leading run, blocks to copy in from the host tier.</param>
/// <param name="Idle">Of the device blocks, those nobody references: using them takes from what is available.</param>
public readonly record struct PrefixHits(int DeviceBlocks, int HostBlocks, int Idle);

/// <summary>Where the KV of a context is (tokens from its start).</summary>
/// <param name="Device">On the device.</param>
/// <param name="Host">In the host tier; where the tiers complete each other, what both hold together.</param>
/// <param name="Either">In either tier.</param>
public readonly record struct KvResident(int Device, int Host, int Either);
