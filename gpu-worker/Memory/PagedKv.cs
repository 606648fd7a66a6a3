using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;

namespace Astraea.Worker.Memory;

/// <summary>Device KV of the CPU backend: one contiguous region of bytes per block, f32, holding all layers and heads of 16 tokens.</summary>
/// <remarks>
/// A block is [layers, kvHeads] parts; a part is keys [headDim, 16] (transposed: a register holds one dimension of eight tokens) and then
/// values [16, headDimPadded] (row-major, padded to a multiple of 16 so that attention has no tail). Padding is never read into a result.
/// </remarks>
public sealed unsafe class PagedKv : IKvMemory, IDisposable
{
    /// <summary>Tokens in a block (tokens).</summary>
    public const int TokensPerBlock = 16;

    private readonly AlignedMemory _memory;
    private readonly int _kvHeads;
    private readonly int _partFloats;

    /// <summary>Allocates the blocks, zeroed.</summary>
    /// <param name="shape">Sizes of the model.</param>
    /// <param name="blocks">Blocks, at least 1.</param>
    public PagedKv(ModelShape shape, int blocks)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        Blocks = blocks;
        _kvHeads = shape.KvHeads;
        HeadDim = shape.HeadDim;
        HeadDimPadded = PaddedHeadDim(shape.HeadDim);
        _partFloats = TokensPerBlock * (HeadDim + HeadDimPadded);
        BlockBytes = checked(shape.Layers * shape.KvHeads * _partFloats * sizeof(float));
        _memory = new AlignedMemory((long)blocks * BlockBytes);
    }

    /// <inheritdoc/>
    public int BlockTokens => TokensPerBlock;

    /// <inheritdoc/>
    public int Blocks { get; }

    /// <inheritdoc/>
    public int BlockBytes { get; }

    /// <summary>Width of a head.</summary>
    internal int HeadDim { get; }

    /// <summary>Width of a row of values: the head's, rounded up to 16.</summary>
    internal int HeadDimPadded { get; }

    /// <inheritdoc/>
    public void CopyOut(int block, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, BlockBytes);
        Bytes(block).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void CopyIn(int block, ReadOnlySpan<byte> source)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(source.Length, BlockBytes);
        source.CopyTo(Bytes(block));
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Width of a row of values for a head of a width.</summary>
    internal static int PaddedHeadDim(int headDim) => (headDim + PackedMatrix.PanelRows - 1) / PackedMatrix.PanelRows * PackedMatrix.PanelRows;

    /// <summary>The blocks as one layer and head see them.</summary>
    internal KvHeadView View(int layer, int kvHead) =>
        new(_memory.Floats + (nint)(layer * _kvHeads + kvHead) * _partFloats, BlockBytes / sizeof(float), HeadDim, HeadDimPadded);

    private Span<byte> Bytes(int block)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        if ((uint)block >= (uint)Blocks)
            throw new ArgumentOutOfRangeException(nameof(block), block, $"There are blocks 0 to {Blocks - 1}.");
        return new Span<byte>(_memory.Start + (long)block * BlockBytes, BlockBytes);
    }
}

/// <summary>Keys and values of one layer and head in all blocks.</summary>
internal readonly unsafe struct KvHeadView(float* start, nint blockStride, int headDim, int headDimPadded)
{
    /// <summary>Width of a head.</summary>
    public int HeadDim => headDim;

    /// <summary>Width of a row of values.</summary>
    public int HeadDimPadded => headDimPadded;

    /// <summary>[headDim, 16] f32.</summary>
    public float* Keys(int block) => start + block * blockStride;

    /// <summary>[16, headDimPadded] f32.</summary>
    public float* Values(int block) => start + block * blockStride + headDim * PagedKv.TokensPerBlock;

    /// <summary>Writes one token's key and value, [headDim] each.</summary>
    public void Write(int block, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        float* keys = Keys(block) + slot;
        for (int i = 0; i < key.Length; i++)
            keys[i * PagedKv.TokensPerBlock] = key[i];
        value.CopyTo(new Span<float>(Values(block) + slot * headDimPadded, headDim));
    }
}
