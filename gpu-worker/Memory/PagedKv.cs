using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Worker.Memory;

/// <summary>Device KV of the CPU backend: one contiguous region of bytes per block, holding all layers and heads of 16 tokens.</summary>
/// <remarks>
/// A block is [layers, kvHeads] parts; a part is keys [headDim, 16] (transposed: a line holds one dimension of all tokens) and then
/// values [16, headDimPadded] (row-major, in lines, padded to a multiple of 16 so that attention has no tail). Padding is never read into a result.
/// </remarks>
public sealed unsafe class PagedKv : IKvMemory, IDisposable
{
    /// <summary>Tokens in a block (tokens).</summary>
    public const int TokensPerBlock = 16;

    private readonly AlignedMemory _memory;
    private readonly int _kvHeads;
    private readonly int _partBytes;
    private readonly KvFormat _format;

    /// <summary>Allocates the blocks, zeroed.</summary>
    /// <param name="shape">Sizes of the model.</param>
    /// <param name="blocks">Blocks, at least 1.</param>
    /// <param name="format">Number format.</param>
    public PagedKv(ModelShape shape, int blocks, KvFormat format = KvFormat.F32)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        Blocks = blocks;
        _format = format;
        _kvHeads = shape.KvHeads;
        HeadDim = shape.HeadDim;
        HeadDimPadded = PaddedHeadDim(shape.HeadDim);
        _partBytes = TokensPerBlock * (HeadDim + HeadDimPadded) * (format == KvFormat.F32 ? sizeof(float) : sizeof(ushort));
        BlockBytes = checked(shape.Layers * shape.KvHeads * _partBytes);
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
        new(_memory.Start + (nint)(layer * _kvHeads + kvHead) * _partBytes, BlockBytes, HeadDim, HeadDimPadded, _format);

    private Span<byte> Bytes(int block)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        if ((uint)block >= (uint)Blocks)
            throw new ArgumentOutOfRangeException(nameof(block), block, $"There are blocks 0 to {Blocks - 1}.");
        return new Span<byte>(_memory.Start + (long)block * BlockBytes, BlockBytes);
    }
}

/// <summary>Keys and values of one layer and head in all blocks.</summary>
internal readonly unsafe struct KvHeadView(byte* start, nint blockStride, int headDim, int headDimPadded, KvFormat format)
{
    /// <summary>Width of a head.</summary>
    public int HeadDim => headDim;

    /// <summary>Width of a row of values.</summary>
    public int HeadDimPadded => headDimPadded;

    /// <summary>Number format of keys and values.</summary>
    public KvFormat Format => format;

    /// <summary>[headDim] lines of 16 tokens.</summary>
    /// <typeparam name="TLine">The line of <see cref="Format"/>.</typeparam>
    public byte* Keys<TLine>(int block) where TLine : struct, ILine => start + block * blockStride;

    /// <summary>[16, headDimPadded / 16] lines.</summary>
    /// <typeparam name="TLine">The line of <see cref="Format"/>.</typeparam>
    public byte* Values<TLine>(int block) where TLine : struct, ILine => start + block * blockStride + headDim * TLine.Bytes;

    /// <summary>Writes one token's key and value, [headDim] each.</summary>
    public void Write(int block, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        if (format == KvFormat.F32)
            Write<F32Line>(block, slot, key, value);
        else
            Write<Bf16Line>(block, slot, key, value);
    }

    private void Write<TLine>(int block, int slot, ReadOnlySpan<float> key, ReadOnlySpan<float> value) where TLine : struct, ILine
    {
        byte* keys = Keys<TLine>(block), values = Values<TLine>(block) + (nint)slot * (headDimPadded / PackedMatrix.PanelRows) * TLine.Bytes;
        for (int i = 0; i < key.Length; i++)
            TLine.Set(keys + i * TLine.Bytes, slot, key[i]);
        for (int i = 0; i < value.Length; i++)
            TLine.Set(values + i / PackedMatrix.PanelRows * TLine.Bytes, i % PackedMatrix.PanelRows, value[i]);
    }
}
