namespace Astraea.Worker.Kernels.Matrices;

/// <summary>How the inputs of an integer matrix fall into groups of one scale, and where things lie in a panel and in a packed row.</summary>
/// <remarks>
/// Inputs are filled up with zeros to a multiple of 8, and no further: the last group may be shorter than the others and has a scale of its own.
/// A panel is, group by group, a line of bf16 scales and then the weights. A packed row is the integers, then a f32 scale for each group.
/// </remarks>
/// <param name="Inputs">Inputs there really are.</param>
/// <param name="Size">Inputs of a group.</param>
/// <param name="WeightBits">Bits of a weight.</param>
/// <param name="ActivationBytes">Bytes of an activation (By).</param>
internal readonly record struct IntegerGroups(int Inputs, int Size, int WeightBits, int ActivationBytes)
{
    /// <summary>Inputs with the zeros behind them.</summary>
    public int Padded => checked(Inputs + 7) / 8 * 8;

    /// <summary>Groups there are.</summary>
    public int Count => (Inputs + Size - 1) / Size;

    /// <summary>Size of a panel (By).</summary>
    public long PanelBytes => (long)Count * Bf16Line.Bytes + WeightBytes(Padded);

    /// <summary>Where a packed row's scales begin (By).</summary>
    public int ScalesOffset => Padded * ActivationBytes;

    /// <summary>First input of a group.</summary>
    public int First(int group) => group * Size;

    /// <summary>Inputs of a group that there really are.</summary>
    public int Length(int group) => Math.Min(Size, Inputs - First(group));

    /// <summary>Inputs of a group with the zeros behind them.</summary>
    public int PaddedLength(int group) => Math.Min(Size, Padded - First(group));

    /// <summary>Where a group's scales lie in a panel (By); its weights come a line later.</summary>
    public nint OffsetOf(int group) => (nint)group * (Bf16Line.Bytes + (nint)WeightBytes(Size));

    /// <summary>Bytes the weights of some inputs take in a panel (By).</summary>
    private long WeightBytes(int inputs) => (long)inputs * PackedMatrix.PanelRows * WeightBits / 8;
}
