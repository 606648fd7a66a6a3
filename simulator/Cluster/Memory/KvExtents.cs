using System.Diagnostics;
using Astraea.Core;
using Astraea.Core.Batching;
using Astraea.Core.KvCache;

namespace Astraea.Simulator.Cluster.Memory;

/// <summary>The KV memory of one simulated worker: extents in place of blocks, so that holding and evicting costs the same however long a context is.</summary>
/// <remarks>
/// It answers as a worker's own memory does, with three simplifications. Blocks that compaction has made useless are free at once instead of waiting to be
/// evicted. A shared prefix being computed by several sessions at once takes its blocks once. And it is held as a whole.
/// </remarks>
internal sealed partial class KvExtents : IKvTiers<ContextKv>
{
    private readonly bool _writesBack;
    private readonly CopyLanes _copies;
    private readonly Dictionary<int, Extent> _sessions = [];
    private readonly Dictionary<string, Extent> _prefixes = [];
    private readonly LinkedList<Extent> _recent = [];
    private readonly LinkedList<Extent> _unwanted = [];
    private readonly List<Extent> _losses = [];
    private bool _prefixLost;

    /// <summary>Empty memory.</summary>
    public KvExtents(int deviceBlocks, int hostBlocks, int blockTokens, int blockBytes, bool writesBack, CopyLanes copies)
    {
        (DeviceBlocks, HostBlocks, BlockTokens, BlockBytes, _writesBack, _copies) = (deviceBlocks, hostBlocks, blockTokens, blockBytes, writesBack, copies);
    }

    /// <summary>The moment at which it is used; copies begin then.</summary>
    public Instant Now { get; set; }

    public int BlockTokens { get; }

    public int BlockBytes { get; }

    public int DeviceBlocks { get; }

    public int DeviceUsed { get; private set; }

    /// <summary>Device blocks that nobody holds and that can be found.</summary>
    public int DeviceCached { get; private set; }

    public int DeviceAvailable => DeviceBlocks - DeviceUsed;

    public long Evictions { get; private set; }

    /// <summary>The context of a session's segment, with what is here of it.</summary>
    /// <param name="session">Index of the session.</param>
    /// <param name="prefix">Name of its shared prefix, or null.</param>
    /// <param name="prefixBlocks">Full blocks of that prefix in this context.</param>
    /// <param name="version">Ordinal of the segment in its session.</param>
    /// <param name="length">Tokens known (tokens).</param>
    /// <param name="keptSince">Leading tokens that have stayed as they are since the context of an earlier segment (tokens).</param>
    public ContextKv Open(int session, string? prefix, int prefixBlocks, int version, int length, Func<int, int> keptSince)
    {
        int first = prefix is null ? 0 : prefixBlocks;
        if (_sessions.TryGetValue(session, out Extent? own) && own.First != first)
        {
            // Compaction has cut into the shared prefix: nothing behind the cut is of use any more.
            TrimDevice(own, 0);
            TrimHost(own, 0);
            own = null;
        }
        if (own is null)
        {
            Extent? shared = null;
            if (first > 0 && !_prefixes.TryGetValue(prefix!, out shared))
                _prefixes.Add(prefix!, shared = new Extent(0, null));
            _sessions[session] = own = new Extent(first, shared);
        }
        int kept = own.Version < 0 ? 0 : own.Version >= version ? length : Math.Min(length, keptSince(own.Version));
        own.Version = version;
        return own.Context = new ContextKv(own, BlockTokens, length, kept);
    }

    /// <summary>After a context was offered what an idle one left: forgets cached blocks that are not its any more.</summary>
    public void DropStale(ContextKv kv)
    {
        if (kv.Own.Holders > 0)
            return;
        int valid = Math.Max(0, kv.Kept / BlockTokens - kv.SharedBlocks);
        TrimDevice(kv.Own, valid);
        TrimHost(kv.Own, valid);
    }

    public PrefixHits Probe(ContextKv kv, bool useHost)
    {
        int device = 0, host = 0, idle = 0;
        int run = 0;
        if (kv.Shared is { } shared)
        {
            int most = Math.Min(kv.SharedBlocks, kv.ReusableBlocks);
            device = Math.Min(shared.Published, most);
            idle = shared.Holders == 0 ? device : 0;
            host = useHost ? HostRun(shared, device, most) : 0;
            run = device + host;
            if (run < kv.SharedBlocks)
                return new PrefixHits(device, host, idle);
        }
        int ownMost = kv.ReusableBlocks - kv.SharedBlocks;
        int ownDevice = Math.Min(kv.Own.Published, ownMost);
        int ownHost = useHost ? HostRun(kv.Own, ownDevice, ownMost) : 0;
        return new PrefixHits(device + ownDevice, host + ownHost, idle + ownDevice);
    }

    public int Attach(ContextKv kv, bool useHost)
    {
        PrefixHits hits = Probe(kv, useHost);
        int run = hits.DeviceBlocks + hits.HostBlocks;
        int copied = 0;
        int sharedRun = Math.Min(run, kv.SharedBlocks);
        if (kv.Shared is { } shared && run > 0)
        {
            Hold(shared);
            copied += Grow(shared, sharedRun);
            sharedRun = Math.Min(sharedRun, shared.Device);
            shared.Published = Math.Max(shared.Published, sharedRun);
            Touch(shared);
        }
        int ownRun = sharedRun < kv.SharedBlocks ? 0 : run - sharedRun;
        TrimDevice(kv.Own, ownRun);
        if (ownRun > 0)
        {
            Hold(kv.Own);
            copied += Grow(kv.Own, ownRun);
            kv.Own.Published = kv.Own.Device;
            Touch(kv.Own);
        }
        kv.BlockCount = sharedRun + kv.Own.Device;
        kv.Computed = kv.BlockCount * BlockTokens;
        kv.AvailableAt = _copies.In(copied, Now);
        return copied;
    }

    public void TakeOver(ContextKv kv, ContextKv older)
    {
        if (older.BlockCount == 0 || kv.Own != older.Own)
            return;
        int keep = Math.Min(Math.Min(kv.Kept, older.Computed), kv.Length - 1);
        int blocks = kv.BlocksFor(keep);
        // A block that others may find is never written again: what is kept of it must be all of it.
        if (keep % BlockTokens != 0 && blocks <= older.Published)
            keep = --blocks * BlockTokens;
        int held = older.BlockCount;
        older.BlockCount = 0;
        kv.BlockCount = Math.Min(blocks, held);
        kv.Computed = Math.Min(keep, kv.BlockCount * BlockTokens);
        int own = Math.Max(0, kv.BlockCount - kv.SharedBlocks);
        kv.Own.Published = Math.Min(kv.Own.Published, own);
        TrimDevice(kv.Own, own);
        if (own == 0 && held > kv.SharedBlocks)
            LetGo(kv.Own, KvRelease.Recent);
        if (kv.BlockCount == 0 && kv.Shared is { } shared)
            LetGo(shared, KvRelease.Recent);
    }

    public bool TryGrow(ContextKv kv, int tokens)
    {
        int needed = kv.BlocksFor(tokens);
        if (kv.BlockCount >= needed)
            return true;
        if (kv.Shared is { } shared && kv.BlockCount < kv.SharedBlocks)
        {
            if (kv.BlockCount == 0)
                Hold(shared);
            int target = Math.Min(needed, kv.SharedBlocks);
            Grow(shared, target);
            kv.BlockCount = Math.Min(target, shared.Device);
            if (kv.BlockCount < target)
                return false;
        }
        if (needed > kv.SharedBlocks)
        {
            if (kv.BlockCount == kv.SharedBlocks)
            {
                TrimDevice(kv.Own, 0);
                Hold(kv.Own);
            }
            Grow(kv.Own, needed - kv.SharedBlocks);
            kv.BlockCount = kv.SharedBlocks + kv.Own.Device;
            if (kv.Own.Device == 0)
                LetGo(kv.Own, KvRelease.Recent);
        }
        return kv.BlockCount >= needed;
    }

    /// <summary>KV of the leading tokens has been computed.</summary>
    public void Commit(ContextKv kv, int computed)
    {
        kv.Computed = computed;
        int full = computed / BlockTokens;
        if (kv.Shared is { } shared)
            shared.Published = Math.Max(shared.Published, Math.Min(full, Math.Min(kv.SharedBlocks, shared.Device)));
        kv.Own.Published = Math.Clamp(full - kv.SharedBlocks, 0, kv.Own.Device);
    }

    public void Detach(ContextKv kv, KvRelease how)
    {
        if (kv.BlockCount > kv.SharedBlocks)
            LetGo(kv.Own, how);
        if (kv.BlockCount > 0 && kv.Shared is { } shared)
            LetGo(shared, how);
        kv.BlockCount = 0;
        kv.Computed = 0;
    }

    public int OwnBlocks(ContextKv kv)
    {
        int sharedHeld = Math.Min(kv.BlockCount, kv.SharedBlocks);
        return kv.BlockCount - sharedHeld + (kv.Shared is { Holders: 1 } ? sharedHeld : 0);
    }

    public string TipKey(ContextKv kv, int blocks) => blocks == 0 ? string.Empty : "held";

    public bool TryTakeLosses(List<ContextKv> lost)
    {
        foreach (Extent extent in _losses)
        {
            extent.LossNoted = false;
            if (extent.Context is { } context)
                lost.Add(context);
        }
        _losses.Clear();
        bool known = !_prefixLost;
        _prefixLost = false;
        return known;
    }

    /// <summary>Throws when a count is wrong.</summary>
    public void Check()
    {
        int used = 0, cached = 0, host = 0;
        foreach (Extent extent in _sessions.Values.Concat(_prefixes.Values))
        {
            bool sound = extent.Published <= extent.Device && extent.Device >= 0 && extent.Holders >= 0 && extent.Children >= 0;
            if (!sound)
                throw new UnreachableException($"An extent has {extent.Published} of {extent.Device} blocks, {extent.Holders} holders, {extent.Children} children.");
            used += extent.Holders > 0 ? extent.Device : 0;
            cached += extent.Holders > 0 ? 0 : extent.Device;
            host += extent.Host.Count;
        }
        if (used != DeviceUsed || cached != DeviceCached || used + cached > DeviceBlocks)
            throw new UnreachableException($"Device: {used} used, {cached} cached; counted {DeviceUsed} and {DeviceCached} of {DeviceBlocks}.");
        if (host != HostUsed || host > HostBlocks)
            throw new UnreachableException($"Host: {host} blocks; counted {HostUsed} of {HostBlocks}.");
    }

    private static int HostRun(Extent extent, int from, int most) => Math.Max(0, Math.Min(extent.Host.Reach(from), most) - from);

    private void Hold(Extent extent)
    {
        if (extent.Holders++ > 0)
            return;
        if (extent.DeviceLink.List is { } list)
            list.Remove(extent.DeviceLink);
        DeviceCached -= extent.Device;
        DeviceUsed += extent.Device;
    }

    private void LetGo(Extent extent, KvRelease how)
    {
        if (--extent.Holders > 0)
            return;
        DeviceUsed -= extent.Device;
        DeviceCached += extent.Device;
        extent.Unwanted = how == KvRelease.EvictFirst;
        TrimDevice(extent, how == KvRelease.Free && extent.Children == 0 ? 0 : extent.Published);
        if (extent.Device > 0)
            (extent.Unwanted ? _unwanted : _recent).AddLast(extent.DeviceLink);
    }

    /// <summary>Adds device blocks to a held extent, as far as they can be had.</summary>
    /// <returns>Blocks added.</returns>
    private int Grow(Extent extent, int target)
    {
        int wanted = target - extent.Device;
        if (wanted <= 0)
            return 0;
        int free = DeviceBlocks - DeviceUsed - DeviceCached;
        int got = Math.Min(wanted, free);
        if (got < wanted)
            got += Evict(wanted - got);
        if (extent.Device == 0 && got > 0 && extent.Parent is { } parent)
            parent.Children++;
        extent.Device += got;
        DeviceUsed += got;
        return got;
    }

    private int Evict(int count)
    {
        int evicted = 0;
        while (evicted < count && (Evictable(_unwanted) ?? Evictable(_recent)) is { } extent)
        {
            int blocks = Math.Min(count - evicted, extent.Device);
            if (_writesBack && !extent.Unwanted)
                WriteBack(extent, extent.Device - blocks, extent.Device);
            TrimDevice(extent, extent.Device - blocks);
            evicted += blocks;
            Evictions++;
            if (extent.Context is null)
                _prefixLost = true;
            NoteLoss(extent);
        }
        return evicted;
    }

    // Leaves first: a shared prefix stays while somebody behind it has blocks. There are few of them, so they are passed over.
    private static Extent? Evictable(LinkedList<Extent> list)
    {
        LinkedListNode<Extent>? node = list.First;
        while (node is not null && node.Value.Children > 0)
            node = node.Next;
        return node?.Value;
    }

    /// <summary>Drops device blocks behind so many.</summary>
    private void TrimDevice(Extent extent, int blocks)
    {
        int dropped = extent.Device - blocks;
        if (dropped <= 0)
            return;
        extent.Device = blocks;
        extent.Published = Math.Min(extent.Published, blocks);
        if (extent.Holders > 0)
            DeviceUsed -= dropped;
        else
            DeviceCached -= dropped;
        if (blocks > 0)
            return;
        if (extent.DeviceLink.List is { } list)
            list.Remove(extent.DeviceLink);
        if (extent.Parent is { } parent)
            parent.Children--;
    }

    private void NoteLoss(Extent extent)
    {
        if (extent.LossNoted)
            return;
        extent.LossNoted = true;
        _losses.Add(extent);
    }
}
