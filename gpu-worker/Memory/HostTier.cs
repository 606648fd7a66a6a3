using Astraea.Core.KvCache;

namespace Astraea.Worker.Memory;

/// <summary>KV bytes in host memory, by block key. Owned by the engine's thread; bytes of pinned blocks may be read from others.</summary>
/// <remarks>Unpinned blocks are evicted by least recent use, leaves first: what has waited longest is the least likely to come back soon.</remarks>
public sealed class HostTier
{
    private readonly KvBlockPool _pool;
    private readonly byte[]?[] _bytes;

    /// <summary>An empty tier. Memory is taken as blocks come in.</summary>
    /// <param name="blocks">Capacity (blocks).</param>
    /// <param name="blockTokens">Tokens in a block (tokens).</param>
    /// <param name="blockBytes">Bytes of a block (By).</param>
    public HostTier(int blocks, int blockTokens, int blockBytes)
    {
        _pool = new KvBlockPool(blocks, blockTokens);
        _bytes = new byte[]?[blocks];
        BlockBytes = blockBytes;
    }

    /// <summary>Bytes of a block (By).</summary>
    public int BlockBytes { get; }

    /// <summary>Capacity (blocks).</summary>
    public int Total => _pool.Total;

    /// <summary>Blocks that can be had: free, or held for nobody in particular.</summary>
    public int Room => _pool.Available;

    /// <summary>Blocks that hold KV.</summary>
    public int Holding => _pool.Used + _pool.Cached;

    /// <summary>Counts evictions.</summary>
    public long Evictions => _pool.Evictions;

    /// <summary>Whether a block of that key is here.</summary>
    public bool Contains(BlockKey key) => _pool.Contains(key);

    /// <summary>Finds a block; ids are compared.</summary>
    public bool TryFind(BlockKey key, ReadOnlySpan<int> tokens, out int slot) => _pool.TryFind(key, tokens, out slot);

    /// <summary>Takes a block in.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="parent">Key of the block before it.</param>
    /// <param name="tokens">Its token ids.</param>
    /// <param name="bytes">Where to write its bytes, at once, when the answer is <see cref="HostStore.WriteNow"/>.</param>
    public HostStore Store(BlockKey key, BlockKey parent, ReadOnlySpan<int> tokens, out Span<byte> bytes)
    {
        bytes = default;
        if (_pool.TryFind(key, tokens, out int slot))
        {
            _pool.Touch(slot);
            return HostStore.AlreadyHere;
        }
        if (_pool.Contains(key) || !_pool.TryAllocate(out slot, out _))
            return HostStore.Full;
        _pool.Publish(slot, key, parent, tokens);
        _pool.Release(slot);
        bytes = _bytes[slot] ??= GC.AllocateUninitializedArray<byte>(BlockBytes);
        return HostStore.WriteNow;
    }

    /// <summary>Takes a block without a key, for bytes that come in over time: nobody finds it, and it stays until it is unpinned.</summary>
    /// <returns>False when everything is pinned.</returns>
    public bool TryReserve(out int slot, out Memory<byte> bytes)
    {
        bytes = default;
        if (!_pool.TryAllocate(out slot, out _))
            return false;
        bytes = _bytes[slot] ??= GC.AllocateUninitializedArray<byte>(BlockBytes);
        return true;
    }

    /// <summary>Gives a reserved block its key. Still pinned.</summary>
    /// <returns>The slot to unpin: another one when equal content was here before.</returns>
    public int Publish(int slot, BlockKey key, BlockKey parent, ReadOnlySpan<int> tokens) => _pool.Publish(slot, key, parent, tokens);

    /// <summary>Keeps a block from being evicted.</summary>
    public void Pin(int slot) => _pool.Retain(slot);

    /// <summary>Lets a pinned block go.</summary>
    public void Unpin(int slot) => _pool.Release(slot);

    /// <summary>Bytes of a block; stable while it is pinned.</summary>
    public ReadOnlyMemory<byte> Bytes(int slot) => _bytes[slot];

    /// <summary>Throws when a count or a link is wrong.</summary>
    public void Check() => _pool.Check();

    /// <summary>Bytes of a block, to be damaged by a test.</summary>
    internal Span<byte> Writable(int slot) => _bytes[slot];
}

/// <summary>How <see cref="HostTier.Store"/> went.</summary>
public enum HostStore
{
    /// <summary>The caller writes the bytes now.</summary>
    WriteNow,

    /// <summary>Equal content is here.</summary>
    AlreadyHere,

    /// <summary>No room: everything is pinned.</summary>
    Full,
}
