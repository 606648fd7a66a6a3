using Astraea.Core.Batching;
using Astraea.Core.KvCache;

namespace Astraea.Worker.Memory;

/// <summary>Tokens of one context, the keys of its full blocks, and the device blocks that hold its KV.</summary>
/// <remarks>Outlives a segment when its KV is preserved. One thread at a time.</remarks>
internal sealed class SequenceKv : IContextKv
{
    private readonly TenantKeys _keyer;
    private readonly List<BlockKey> _keys = [];
    private int[] _tokens;
    private int[] _blocks;

    /// <summary>A context without KV. Keys of its full blocks are computed here, off the engine's thread.</summary>
    public SequenceKv(TenantKeys keyer, ReadOnlySpan<int> tokens, int tokensExpected)
    {
        _keyer = keyer;
        BlockTokens = keyer.BlockTokens;
        _tokens = new int[Math.Max(tokensExpected, tokens.Length) + 1];
        _blocks = new int[BlocksFor(_tokens.Length)];
        tokens.CopyTo(_tokens);
        Length = tokens.Length;
        ExtendKeys();
    }

    public int BlockTokens { get; }

    /// <summary>Tokens known (tokens).</summary>
    public int Length { get; private set; }

    /// <summary>Leading tokens with KV on the device (tokens).</summary>
    public int Computed { get; private set; }

    /// <summary>Device blocks held.</summary>
    public int BlockCount { get; private set; }

    /// <summary>Leading blocks that are in the device's prefix map.</summary>
    public int Published { get; private set; }

    /// <summary>Tokens that have no KV yet (tokens).</summary>
    public int Pending => Length - Computed;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    /// <summary>Keys of all blocks that are full of known tokens.</summary>
    public IReadOnlyList<BlockKey> Keys => _keys;

    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, BlockCount);

    public ReadOnlyMemory<int> Rows(int from, int count) => _tokens.AsMemory(from, count);

    public ReadOnlyMemory<int> Table => _blocks.AsMemory(0, BlockCount);

    public int BlocksFor(int tokens) => (tokens + BlockTokens - 1) / BlockTokens;

    public ReadOnlySpan<int> TokensOfBlock(int index) => _tokens.AsSpan(index * BlockTokens, BlockTokens);

    public BlockKey ParentOf(int index) => index == 0 ? BlockKey.None : _keys[index - 1];

    /// <summary>Leading full blocks a resume may reuse: at least one token is left to compute, for its logits.</summary>
    public int ReusableBlocks => (Length - 1) / BlockTokens;

    public void Append(int token)
    {
        if (Length == _tokens.Length)
            Array.Resize(ref _tokens, 2 * _tokens.Length);
        _tokens[Length++] = token;
        if (Length % BlockTokens == 0)
            ExtendKeys();
    }

    public void AddBlock(int block)
    {
        if (BlockCount == _blocks.Length)
            Array.Resize(ref _blocks, 2 * _blocks.Length + 1);
        _blocks[BlockCount++] = block;
    }

    /// <summary>The block at <paramref name="index"/> is in the prefix map, perhaps as another one of equal content.</summary>
    public void SetPublished(int index, int block)
    {
        _blocks[index] = block;
        Published = index + 1;
    }

    /// <summary>A block found in a cache: published and computed from the start.</summary>
    public void AddFound(int block)
    {
        AddBlock(block);
        Published = BlockCount;
        Computed = BlockCount * BlockTokens;
    }

    /// <summary>Leading tokens that have had KV while this context lived (tokens).</summary>
    public int HighWater { get; private set; }

    public void SetComputed(int tokens)
    {
        Computed = tokens;
        HighWater = Math.Max(HighWater, tokens);
    }

    /// <summary>Holds nothing from now on; the caller has released the blocks.</summary>
    public void ClearBlocks()
    {
        BlockCount = 0;
        Published = 0;
        Computed = 0;
    }

    /// <summary>Takes over the leading blocks of an older context of the same tenant.</summary>
    /// <returns>Leading blocks taken; the caller releases the rest of the older one's.</returns>
    public int TakeOver(SequenceKv older)
    {
        int common = Tokens.CommonPrefixLength(older.Tokens);
        int keep = Math.Min(Math.Min(common, older.Computed), Length - 1);
        int blocks = BlocksFor(keep);
        // A block in the prefix map is never written again: what is kept of it must be all of it.
        if (keep % BlockTokens != 0 && blocks <= older.Published)
        {
            blocks--;
            keep = blocks * BlockTokens;
        }
        for (int i = 0; i < blocks; i++)
            AddBlock(older._blocks[i]);
        Published = Math.Min(older.Published, blocks);
        Computed = keep;
        return blocks;
    }

    private void ExtendKeys()
    {
        while ((_keys.Count + 1) * BlockTokens <= Length)
            _keys.Add(_keyer.Next(_keys.Count == 0 ? BlockKey.None : _keys[^1], TokensOfBlock(_keys.Count)));
    }
}
