using System.Diagnostics;
using Astraea.Core.Batching;
using Astraea.Core.KvCache;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Memory;

/// <summary>The KV memory of one engine: device blocks, host tier, and the bytes in both. Owned by the engine's thread.</summary>
internal sealed class KvStore : IKvTiers<SequenceKv>
{
    private readonly IKvMemory _memory;

    public KvStore(IKvMemory memory, int deviceBlocks, int hostBlocks, bool writesBack)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(deviceBlocks, memory.Blocks);
        _memory = memory;
        WritesBack = writesBack;
        Device = new KvBlockPool(deviceBlocks, memory.BlockTokens);
        Host = new HostTier(hostBlocks, memory.BlockTokens, memory.BlockBytes);
    }

    public KvBlockPool Device { get; }

    public HostTier Host { get; }

    public int BlockBytes => _memory.BlockBytes;

    public int BlockTokens => _memory.BlockTokens;

    public int DeviceBlocks => Device.Total;

    public int DeviceUsed => Device.Used;

    public int DeviceAvailable => Device.Available;

    public int HostRoom => Host.Room;

    /// <summary>Whether evicted device blocks go to the host tier. The paper's policy swaps whole contexts only.</summary>
    public bool WritesBack { get; }

    /// <summary>Blocks written back on eviction so far.</summary>
    public long WrittenBack { get; private set; }

    /// <summary>Changes whenever a block may have left either tier.</summary>
    public long Evictions => Device.Evictions + Host.Evictions;

    /// <summary>Looks up the leading full blocks of a context without taking them.</summary>
    public PrefixHits Probe(SequenceKv kv, bool useHost)
    {
        int device = 0, host = 0, idle = 0;
        for (int i = 0; i < kv.ReusableBlocks; i++)
        {
            if (Device.TryFind(kv.Keys[i], kv.TokensOfBlock(i), out int block))
            {
                device++;
                if (Device.References(block) == 0)
                    idle++;
            }
            else if (useHost && Host.TryFind(kv.Keys[i], kv.TokensOfBlock(i), out _))
                host++;
            else
                break;
        }
        return new PrefixHits(device, host, idle);
    }

    /// <summary>Gives a context without blocks what the device and the host tier hold of it.</summary>
    /// <returns>Blocks copied in from the host tier.</returns>
    public int Attach(SequenceKv kv, bool useHost)
    {
        PrefixHits hits = Probe(kv, useHost);
        int run = hits.DeviceBlocks + hits.HostBlocks;
        // Everything found is held before anything is allocated: an allocation may evict.
        Span<int> found = run <= 256 ? stackalloc int[run] : new int[run];
        for (int i = 0; i < run; i++)
        {
            if (Device.TryFind(kv.Keys[i], kv.TokensOfBlock(i), out int block))
            {
                Device.Retain(block);
                found[i] = block;
            }
            else
            {
                Host.TryFind(kv.Keys[i], kv.TokensOfBlock(i), out int slot);
                Host.Pin(slot);
                found[i] = ~slot;
            }
        }
        int copied = 0;
        bool room = true;
        for (int i = 0; i < run; i++)
        {
            if (found[i] >= 0)
            {
                if (room)
                    kv.AddFound(found[i]);
                else
                    Device.Release(found[i]);
                continue;
            }
            if (room && TryAllocate(out int target))
            {
                _memory.CopyIn(target, Host.Bytes(~found[i]).Span);
                kv.AddFound(Device.Publish(target, kv.Keys[i], kv.ParentOf(i), kv.TokensOfBlock(i)));
                copied++;
            }
            else
                room = false;
            Host.Unpin(~found[i]);
        }
        return copied;
    }

    public void TakeOver(SequenceKv kv, SequenceKv older)
    {
        int taken = kv.TakeOver(older);
        for (int i = older.BlockCount - 1; i >= taken; i--)
            Device.Release(older.Blocks[i]);
        older.ClearBlocks();
    }

    /// <summary>Holds blocks for so many leading tokens. What could be had is kept also when the answer is false.</summary>
    public bool TryGrow(SequenceKv kv, int tokens)
    {
        int needed = kv.BlocksFor(tokens);
        while (kv.BlockCount < needed)
        {
            if (!TryAllocate(out int block))
                return false;
            kv.AddBlock(block);
        }
        return true;
    }

    /// <summary>KV of the leading tokens has been computed: blocks that are full enter the prefix map.</summary>
    public void Commit(SequenceKv kv, int computed)
    {
        kv.SetComputed(computed);
        while ((kv.Published + 1) * BlockTokens <= computed)
        {
            int i = kv.Published;
            int own = kv.Blocks[i];
            int block = Device.Publish(own, kv.Keys[i], kv.ParentOf(i), kv.TokensOfBlock(i));
            if (block == own && !Device.IsKeyed(own))
                throw new UnreachableException("Two different blocks have one key.");
            kv.SetPublished(i, block);
        }
    }

    /// <summary>Releases all blocks, leaves first.</summary>
    public void Detach(SequenceKv kv, KvRelease how)
    {
        for (int i = kv.BlockCount - 1; i >= 0; i--)
            Device.Release(kv.Blocks[i], how);
        kv.ClearBlocks();
    }

    // Blocks are found by content: whose they were is not known.
    public bool TryTakeLosses(List<SequenceKv> lost) => false;

    public int OwnBlocks(SequenceKv kv)
    {
        int own = 0;
        foreach (int block in kv.Blocks)
            own += Device.References(block) == 1 ? 1 : 0;
        return own;
    }

    public string TipKey(SequenceKv kv, int blocks) => blocks == 0 ? string.Empty : kv.Keys[blocks - 1].ToString();

    /// <summary>Full computed blocks of a context that are not in the host tier.</summary>
    public int BlocksToCopy(SequenceKv kv)
    {
        int count = 0;
        for (int i = 0; i < kv.Published; i++)
        {
            if (!Host.Contains(kv.Keys[i]))
                count++;
        }
        return count;
    }

    /// <summary>Copies the full computed blocks to the host tier, parents first.</summary>
    /// <returns>Blocks copied now, or −1 when the tier could not take all.</returns>
    public int CopyToHost(SequenceKv kv)
    {
        int copied = 0;
        for (int i = 0; i < kv.Published; i++)
        {
            switch (Host.Store(kv.Keys[i], kv.ParentOf(i), kv.TokensOfBlock(i), out Span<byte> bytes))
            {
                case HostStore.WriteNow:
                    _memory.CopyOut(kv.Blocks[i], bytes);
                    copied++;
                    break;
                case HostStore.Full:
                    return -1;
            }
        }
        return copied;
    }

    /// <summary>Pins one block of a context in the host tier, copying it there when only the device has it.</summary>
    public bool TryPinInHost(SequenceKv kv, int index, out int slot)
    {
        if (!Host.TryFind(kv.Keys[index], kv.TokensOfBlock(index), out slot))
        {
            bool onDevice = Device.TryFind(kv.Keys[index], kv.TokensOfBlock(index), out int block);
            if (!onDevice || Host.Store(kv.Keys[index], kv.ParentOf(index), kv.TokensOfBlock(index), out Span<byte> bytes) != HostStore.WriteNow)
                return false;
            _memory.CopyOut(block, bytes);
            Host.TryFind(kv.Keys[index], kv.TokensOfBlock(index), out slot);
        }
        Host.Pin(slot);
        return true;
    }

    /// <summary>Counts where the leading blocks of a context are.</summary>
    public KvResident Resident(SequenceKv kv)
    {
        int device = 0, host = 0, either = 0;
        for (; either < kv.Keys.Count; either++)
        {
            bool onDevice = Device.Contains(kv.Keys[either]);
            bool inHost = Host.Contains(kv.Keys[either]);
            if (!onDevice && !inHost)
                break;
            device += onDevice && device == either ? 1 : 0;
            host += inHost && host == either ? 1 : 0;
        }
        // What a preserve holds counts to its last token, also in the block that is not full.
        int onDeviceTokens = Math.Max(device * BlockTokens, kv.Computed);
        int eitherTokens = Math.Max(either * BlockTokens, kv.Computed);
        return new KvResident(onDeviceTokens, eitherTokens > onDeviceTokens ? eitherTokens : host * BlockTokens, eitherTokens);
    }

    private bool TryAllocate(out int block)
    {
        if (!Device.TryAllocate(out block, out EvictedBlock? evicted))
            return false;
        if (evicted is { Unwanted: false } lost && WritesBack
            && Host.Store(lost.Key, lost.Parent, Device.TokensOf(block), out Span<byte> bytes) == HostStore.WriteNow)
        {
            _memory.CopyOut(block, bytes);
            WrittenBack++;
        }
        return true;
    }
}
