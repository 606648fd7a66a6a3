using System.Diagnostics;

namespace Astraea.Core.KvCache;

/// <summary>How a released block joins the evictable ones.</summary>
public enum KvRelease
{
    /// <summary>Kept as long as more recently used blocks are not short of room.</summary>
    Recent,

    /// <summary>Evicted before everything else; usable until then.</summary>
    EvictFirst,

    /// <summary>Freed at once, unless someone else or a cached child still needs it.</summary>
    Free,
}

/// <summary>A cached block that lost its place. Its tokens and bytes can be read until it is written again.</summary>
/// <param name="Key">What it held.</param>
/// <param name="Parent">Key of the block before it.</param>
/// <param name="Unwanted">Whether it had been released with <see cref="KvRelease.EvictFirst"/>.</param>
public readonly record struct EvictedBlock(BlockKey Key, BlockKey Parent, bool Unwanted);

/// <summary>Who holds which block of one memory (device or host): references, prefix map, and eviction by least recent use.</summary>
/// <remarks>
/// A block is used (referenced), cached (keyed, unreferenced) or free; the three counts always add up to <see cref="Total"/>.
/// Leaves are evicted first: a parent's block is the prefix its cached children need. Ids are compared on each hit, so even two
/// contexts of equal key cannot mix. Published blocks are never written again by their holders. Blocks that are shared by key follow
/// Kwon et al. 2023 (PagedAttention) §4.3 and the radix order of Zheng et al. 2024 (SGLang) §3; a map with child counts is enough.
/// Deterministic: the same calls give the same block ids.
/// </remarks>
public sealed class KvBlockPool
{
    private readonly Slot[] _slots;
    private readonly int[] _tokens;
    private readonly Stack<int> _free;
    private readonly Dictionary<BlockKey, int> _byKey = [];
    private readonly Dictionary<BlockKey, int> _children = [];
    private readonly SortedSet<(long Used, int Block)> _evictable = [];
    private long _tick;

    /// <summary>An empty pool.</summary>
    /// <param name="blocks">Blocks there are.</param>
    /// <param name="blockTokens">Tokens in a block (tokens).</param>
    public KvBlockPool(int blocks, int blockTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        BlockTokens = blockTokens;
        _slots = new Slot[blocks];
        _tokens = new int[checked(blocks * blockTokens)];
        _free = new Stack<int>(blocks);
        for (int block = blocks - 1; block >= 0; block--)
            _free.Push(block);
    }

    /// <summary>Tokens in a block (tokens).</summary>
    public int BlockTokens { get; }

    /// <summary>Blocks there are.</summary>
    public int Total => _slots.Length;

    /// <summary>Blocks someone references.</summary>
    public int Used { get; private set; }

    /// <summary>Keyed blocks nobody references.</summary>
    public int Cached { get; private set; }

    /// <summary>Blocks that hold nothing.</summary>
    public int Free => _free.Count;

    /// <summary>Blocks that can be had: free, or evictable once their cached children are gone.</summary>
    public int Available => Free + Cached;

    /// <summary>Counts evictions; whoever cached a view of the map compares it.</summary>
    public long Evictions { get; private set; }

    /// <summary>References of a block.</summary>
    public int References(int block) => _slots[block].References;

    /// <summary>Whether the block is in the prefix map.</summary>
    public bool IsKeyed(int block) => _slots[block].Keyed;

    /// <summary>Token ids of a published block, also just after its eviction.</summary>
    public ReadOnlySpan<int> TokensOf(int block) => _tokens.AsSpan(block * BlockTokens, BlockTokens);

    /// <summary>Takes a block with one reference and no key, evicting the least recently used leaf when none is free.</summary>
    /// <param name="block">The block.</param>
    /// <param name="evicted">What it held until now; copy it away before writing.</param>
    /// <returns>False when every block is referenced.</returns>
    public bool TryAllocate(out int block, out EvictedBlock? evicted)
    {
        evicted = null;
        if (!_free.TryPop(out block))
        {
            if (_evictable.Count == 0)
            {
                block = -1;
                return false;
            }
            block = _evictable.Min.Block;
            evicted = new EvictedBlock(_slots[block].Key, _slots[block].Parent, _slots[block].Unwanted);
            Unkey(block);
            Cached--;
            Evictions++;
        }
        _slots[block].References = 1;
        Used++;
        return true;
    }

    /// <summary>Finds the block of a key; ids are compared.</summary>
    public bool TryFind(BlockKey key, ReadOnlySpan<int> tokens, out int block) =>
        _byKey.TryGetValue(key, out block) && TokensOf(block).SequenceEqual(tokens);

    /// <summary>Whether a block of that key is here.</summary>
    public bool Contains(BlockKey key) => _byKey.ContainsKey(key);

    /// <summary>Adds a reference to a used or cached block.</summary>
    public void Retain(int block)
    {
        ref Slot slot = ref _slots[block];
        if (slot.References == 0)
        {
            if (!slot.Keyed)
                throw new UnreachableException($"Block {block} is free and cannot be retained.");
            _evictable.Remove((slot.LastUse, block));
            Cached--;
            Used++;
        }
        slot.References++;
    }

    /// <summary>Drops a reference. Release a chain from its end, so that leaves become evictable before their parents.</summary>
    public void Release(int block, KvRelease how = KvRelease.Recent)
    {
        ref Slot slot = ref _slots[block];
        if (slot.References <= 0)
            throw new UnreachableException($"Block {block} is released more often than it was taken.");
        if (--slot.References > 0)
            return;
        Used--;
        if (slot.Keyed)
        {
            Cached++;
            _tick++;
            slot.Unwanted = how == KvRelease.EvictFirst;
            // Unwanted blocks sort below every stamp in use, in the order they were released.
            slot.LastUse = slot.Unwanted ? long.MinValue + _tick : _tick;
            if (Children(slot.Key) > 0)
                return;
            _evictable.Add((slot.LastUse, block));
            if (how == KvRelease.Free)
                Drop(block);
        }
        else
            _free.Push(block);
    }

    /// <summary>Enters a full block into the prefix map.</summary>
    /// <param name="block">A block the caller references and has filled.</param>
    /// <param name="key">Its key.</param>
    /// <param name="parent">Key of the block before it, or <see cref="BlockKey.None"/>.</param>
    /// <param name="tokens">[<see cref="BlockTokens"/>] its token ids.</param>
    /// <returns>
    /// The block to use from now on: when equal content is here already, the caller's reference moves to that block and its own is freed.
    /// </returns>
    public int Publish(int block, BlockKey key, BlockKey parent, ReadOnlySpan<int> tokens)
    {
        ref Slot slot = ref _slots[block];
        if (slot.References <= 0 || slot.Keyed || key == BlockKey.None)
            throw new UnreachableException($"Block {block} cannot be published: {slot.References} references, keyed: {slot.Keyed}.");
        if (_byKey.TryGetValue(key, out int there))
        {
            if (!TokensOf(there).SequenceEqual(tokens))
                return block; // Equal keys of unequal content: the newcomer stays private.
            Retain(there);
            Release(block);
            return there;
        }
        slot.Key = key;
        slot.Parent = parent;
        slot.Keyed = true;
        slot.Unwanted = false;
        tokens.CopyTo(_tokens.AsSpan(block * BlockTokens, BlockTokens));
        _byKey.Add(key, block);
        AddChild(parent);
        return block;
    }

    /// <summary>Marks a cached block as just used, as a look-up without a reference does.</summary>
    public void Touch(int block)
    {
        if (_slots[block].References > 0)
            return;
        Retain(block);
        Release(block);
    }

    /// <summary>Frees every cached block that no used block needs.</summary>
    public void DropCached()
    {
        while (_evictable.Count > 0)
            Drop(_evictable.Min.Block);
    }

    /// <summary>Walks all blocks and throws when a count or a link is wrong.</summary>
    /// <exception cref="UnreachableException">An invariant is broken.</exception>
    public void Check()
    {
        int used = 0, cached = 0, evictable = 0;
        Dictionary<BlockKey, int> children = [];
        for (int block = 0; block < _slots.Length; block++)
        {
            ref Slot slot = ref _slots[block];
            Require(slot.References >= 0, block, "has negative references");
            if (slot.References > 0)
                used++;
            else if (slot.Keyed)
                cached++;
            if (slot.Keyed)
            {
                Require(_byKey.TryGetValue(slot.Key, out int mapped) && mapped == block, block, "is not where the map says");
                if (slot.Parent != BlockKey.None)
                    children[slot.Parent] = children.GetValueOrDefault(slot.Parent) + 1;
            }
            bool isEvictable = slot.Keyed && slot.References == 0 && Children(slot.Key) == 0;
            Require(_evictable.Contains((slot.LastUse, block)) == isEvictable, block, "is evictable in one place and not in the other");
            if (isEvictable)
                evictable++;
        }
        Require(used == Used && cached == Cached && used + cached + Free == Total, -1, $"counts: {used} used, {cached} cached, {Free} free of {Total}");
        Require(evictable == _evictable.Count, -1, "evictable blocks are counted twice");
        Require(_free.Distinct().Count() == Free && _free.All(b => _slots[b] is { References: 0, Keyed: false }), -1, "a free block is in use or listed twice");
        Require(children.Count == _children.Count && children.All(c => Children(c.Key) == c.Value), -1, "child counts are wrong");
    }

    private static void Require(bool holds, int block, string what)
    {
        if (!holds)
            throw new UnreachableException($"KV block {block}: {what}.");
    }

    private void Drop(int block)
    {
        Unkey(block);
        Cached--;
        Evictions++;
        _free.Push(block);
    }

    private void Unkey(int block)
    {
        ref Slot slot = ref _slots[block];
        _evictable.Remove((slot.LastUse, block));
        _byKey.Remove(slot.Key);
        slot.Keyed = false;
        RemoveChild(slot.Parent);
    }

    private int Children(BlockKey key) => _children.GetValueOrDefault(key);

    private void AddChild(BlockKey parent)
    {
        if (parent == BlockKey.None)
            return;
        int count = Children(parent);
        _children[parent] = count + 1;
        if (count == 0 && _byKey.TryGetValue(parent, out int block))
            _evictable.Remove((_slots[block].LastUse, block));
    }

    private void RemoveChild(BlockKey parent)
    {
        if (parent == BlockKey.None)
            return;
        int count = Children(parent) - 1;
        if (count > 0)
        {
            _children[parent] = count;
            return;
        }
        _children.Remove(parent);
        if (_byKey.TryGetValue(parent, out int block) && _slots[block].References == 0)
            _evictable.Add((_slots[block].LastUse, block));
    }

    private struct Slot
    {
        public int References;
        public bool Keyed;
        public bool Unwanted;
        public BlockKey Key;
        public BlockKey Parent;
        public long LastUse;
    }
}
