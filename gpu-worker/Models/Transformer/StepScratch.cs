using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;

namespace Astraea.Worker.Models.Transformer;

/// <summary>Activations of a step: one row per token, grown to the largest step.</summary>
internal sealed unsafe class StepScratch : IDisposable
{
    private readonly ModelShape _shape;
    private AlignedMemory _memory = new(0);
    private int _capacity;

    /// <summary>Makes room for no rows yet.</summary>
    /// <param name="shape">Sizes of the model.</param>
    /// <param name="packedRowBytes">Longest packed row (By).</param>
    public StepScratch(ModelShape shape, int packedRowBytes)
    {
        _shape = shape;
        HiddenStride = Stride(shape.HiddenSize);
        QkvStride = Stride((shape.Heads + 2 * shape.KvHeads) * shape.HeadDim);
        AttendedStride = Stride(shape.Heads * shape.HeadDim);
        GateUpStride = Stride(checked(2 * shape.IntermediateSize));
        AngleStride = Stride(shape.HeadDim / 2);
        PackedStride = packedRowBytes == 0 ? 0 : Stride((packedRowBytes + sizeof(float) - 1) / sizeof(float));
    }

    /// <summary>Distance of rows of width hidden (floats).</summary>
    public nint HiddenStride { get; }

    /// <summary>Distance of rows of <see cref="Qkv"/> (floats).</summary>
    public nint QkvStride { get; }

    /// <summary>Distance of rows of <see cref="Attended"/> (floats).</summary>
    public nint AttendedStride { get; }

    /// <summary>Distance of rows of <see cref="GateUp"/> (floats).</summary>
    public nint GateUpStride { get; }

    /// <summary>Distance of rows of <see cref="Cosines"/> and <see cref="Sines"/> (floats).</summary>
    public nint AngleStride { get; }

    /// <summary>Distance of rows of <see cref="Packed"/> (floats).</summary>
    public nint PackedStride { get; }

    /// <summary>[rows, hidden]: the residual stream.</summary>
    public float* Stream { get; private set; }

    /// <summary>[rows, hidden]: the stream, normalised: input of a linear layer.</summary>
    public float* Normed { get; private set; }

    /// <summary>[rows, hidden]: what attention or feed-forward gave, not yet added to the stream.</summary>
    public float* Update { get; private set; }

    /// <summary>[rows, query | key | value].</summary>
    public float* Qkv { get; private set; }

    /// <summary>[rows, heads · headDim].</summary>
    public float* Attended { get; private set; }

    /// <summary>[rows, gate | up]; the gated product replaces the gate.</summary>
    public float* GateUp { get; private set; }

    /// <summary>[rows, headDim / 2].</summary>
    public float* Cosines { get; private set; }

    /// <summary>[rows, headDim / 2].</summary>
    public float* Sines { get; private set; }

    /// <summary>Rows packed for the linear layer that is next.</summary>
    public float* Packed { get; private set; }

    /// <summary>Makes room for rows; what was there is lost.</summary>
    public void Reserve(int rows)
    {
        if (rows <= _capacity)
            return;
        int capacity = (int)Math.Min(int.MaxValue, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)rows));
        long perRow = 3 * HiddenStride + QkvStride + AttendedStride + GateUpStride + 2 * AngleStride + PackedStride;
        var memory = AlignedMemory.ForFloats(checked(capacity * perRow));
        _memory.Dispose();
        _memory = memory;
        _capacity = capacity;
        float* next = memory.Floats;
        Stream = Take(HiddenStride);
        Normed = Take(HiddenStride);
        Update = Take(HiddenStride);
        Qkv = Take(QkvStride);
        Attended = Take(AttendedStride);
        GateUp = Take(GateUpStride);
        Cosines = Take(AngleStride);
        Sines = Take(AngleStride);
        Packed = Take(PackedStride);

        float* Take(nint stride)
        {
            float* taken = next;
            next += capacity * stride;
            return taken;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    // One cache line more than needed: rows a power of two apart would all compete for the same lines of the first-level cache.
    private static nint Stride(int width) => (width + 15) / 16 * 16 + 16;
}
