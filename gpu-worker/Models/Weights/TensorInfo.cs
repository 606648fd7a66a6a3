using System.Collections.Immutable;

namespace Astraea.Worker.Models.Weights;

/// <summary>Number formats of stored tensors this backend reads.</summary>
public enum TensorFormat
{
    /// <summary>IEEE single, 4 bytes.</summary>
    F32,

    /// <summary>IEEE half, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of an IEEE single, 2 bytes.</summary>
    BF16,

    /// <summary>Something else; such a tensor may stand in a file but not be read.</summary>
    Other,
}

/// <summary>Where a tensor lies in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="FormatName">Format as the file spells it.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="Begin">First byte, from the end of the header (By).</param>
/// <param name="End">Behind its last byte (By).</param>
public sealed record TensorInfo(string Name, string FormatName, ImmutableArray<long> Shape, long Begin, long End)
{
    /// <summary>Format of its numbers.</summary>
    public TensorFormat Format => FormatName switch
    {
        "F32" => TensorFormat.F32,
        "F16" => TensorFormat.F16,
        "BF16" => TensorFormat.BF16,
        _ => TensorFormat.Other,
    };

    /// <summary>Shape for messages: <c>[2, 3]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
