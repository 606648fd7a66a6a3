using Astraea.Core.Batching;

namespace Astraea.Simulator.Cluster.Memory;

// The host tier. Whatever is in it may be evicted, the least recently used extent first and from its end.
internal sealed partial class KvExtents
{
    private readonly LinkedList<Extent> _host = [];

    /// <summary>Blocks of the host tier.</summary>
    public int HostBlocks { get; }

    /// <summary>Host blocks that hold KV.</summary>
    public int HostUsed { get; private set; }

    /// <summary>All of it can be had: nothing in it is pinned.</summary>
    public int HostRoom => HostBlocks;

    /// <summary>Blocks written back on eviction so far.</summary>
    public long WrittenBack { get; private set; }

    public int BlocksToCopy(ContextKv kv)
    {
        int published = kv.Published;
        int shared = kv.Shared is { } prefix ? prefix.Host.Missing(0, Math.Min(published, kv.SharedBlocks)) : 0;
        return shared + kv.Own.Host.Missing(0, published - kv.SharedBlocks);
    }

    public int CopyToHost(ContextKv kv)
    {
        int published = kv.Published;
        if (BlocksToCopy(kv) > HostBlocks)
            return -1;
        int copied = 0;
        if (kv.Shared is { } prefix)
            copied += Store(prefix, 0, Math.Min(published, kv.SharedBlocks));
        copied += Store(kv.Own, 0, published - kv.SharedBlocks);
        _copies.Out(copied, Now);
        return copied;
    }

    /// <summary>Puts leading blocks of a context into the host tier that came from another worker.</summary>
    /// <returns>Blocks stored.</returns>
    public int Import(ContextKv kv, int blocks)
    {
        int stored = 0;
        if (kv.Shared is { } prefix)
            stored += Store(prefix, 0, Math.Min(blocks, kv.SharedBlocks));
        return stored + Store(kv.Own, 0, blocks - kv.SharedBlocks);
    }

    public KvResident Resident(ContextKv kv)
    {
        int device = 0, host = 0, either = 0;
        bool whole = true;
        if (kv.Shared is { } shared)
        {
            device = Math.Min(shared.Published, kv.SharedBlocks);
            host = Math.Min(shared.Host.Reach(0), kv.SharedBlocks);
            either = Math.Min(Math.Max(device, shared.Host.Reach(device)), kv.SharedBlocks);
            whole = either == kv.SharedBlocks;
        }
        if (whole)
        {
            Extent own = kv.Own;
            if (device == kv.SharedBlocks)
                device += own.Published;
            if (host == kv.SharedBlocks)
                host += own.Host.Reach(0);
            either += Math.Max(own.Published, own.Host.Reach(own.Published));
        }
        // What a preserve holds counts to its last token, also in the block that is not full.
        int onDevice = Math.Max(Math.Min(device * BlockTokens, kv.Length), kv.Computed);
        int inEither = Math.Max(Math.Min(either * BlockTokens, kv.Length), kv.Computed);
        return new KvResident(onDevice, inEither > onDevice ? inEither : Math.Min(host * BlockTokens, kv.Length), inEither);
    }

    private void WriteBack(Extent extent, int from, int to)
    {
        int stored = Store(extent, from, to);
        WrittenBack += stored;
        _copies.Out(stored, Now);
    }

    /// <summary>Takes in blocks [from, to) of an extent, as many as fit.</summary>
    /// <returns>Blocks that were not there before.</returns>
    private int Store(Extent extent, int from, int to)
    {
        if (to <= from || HostBlocks == 0)
            return 0;
        int fresh = extent.Host.Missing(from, to);
        Touch(extent);
        MakeHostRoom(fresh, extent);
        int over = HostUsed + fresh - HostBlocks;
        if (over > 0)
        {
            to -= over;
            fresh = extent.Host.Missing(from, to);
        }
        int before = extent.Host.Count;
        extent.Host.Add(from, to);
        HostUsed += extent.Host.Count - before;
        if (extent.Host.Count > 0 && extent.HostLink.List is null)
            _host.AddLast(extent.HostLink);
        return Math.Max(0, fresh);
    }

    private void MakeHostRoom(int blocks, Extent except)
    {
        LinkedListNode<Extent>? node = _host.First;
        while (HostUsed + blocks > HostBlocks && node is not null)
        {
            Extent victim = node.Value;
            node = node.Next;
            if (victim == except)
                continue;
            int before = victim.Host.Count;
            victim.Host.DropLast(HostUsed + blocks - HostBlocks);
            HostUsed -= before - victim.Host.Count;
            Evictions++;
            if (victim.Context is null)
                _prefixLost = true;
            NoteLoss(victim);
            if (victim.Host.Count == 0)
                _host.Remove(victim.HostLink);
        }
    }

    private void TrimHost(Extent extent, int from)
    {
        int before = extent.Host.Count;
        extent.Host.Trim(from);
        HostUsed -= before - extent.Host.Count;
        if (extent.Host.Count == 0 && extent.HostLink.List is not null)
            _host.Remove(extent.HostLink);
    }

    private void Touch(Extent extent)
    {
        if (extent.HostLink.List is null)
            return;
        _host.Remove(extent.HostLink);
        _host.AddLast(extent.HostLink);
    }
}
