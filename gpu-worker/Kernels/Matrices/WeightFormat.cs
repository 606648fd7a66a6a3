namespace Astraea.Worker.Kernels.Matrices;

/// <summary>How the matrices of a model are kept in memory. Each is a numerics class of its own; norms and biases are always f32.</summary>
public enum WeightFormat
{
    /// <summary>IEEE single, 32 bits a weight.</summary>
    F32,

    /// <summary>The upper half of a single, 16 bits a weight; activations stay f32.</summary>
    Bf16,

    /// <summary>8-bit integers with a scale for every 32 inputs, 8.5 bits a weight; activations as 8-bit integers too.</summary>
    W8,

    /// <summary>As <see cref="W8"/> with a scale for every 128 inputs, 8.125 bits a weight: faster, a little coarser.</summary>
    W8G128,

    /// <summary>4-bit integers with a scale for every 32 inputs, 4.5 bits a weight; activations as 8-bit integers.</summary>
    Q4,
}

/// <summary>Names of the formats.</summary>
public static class WeightFormats
{
    /// <summary>Name in a numerics class and in tables: <c>f32</c>, <c>bf16</c>, <c>w8</c>, <c>w8g128</c>, <c>q4</c>.</summary>
    public static string Name(WeightFormat format) => format switch
    {
        WeightFormat.F32 => "f32",
        WeightFormat.Bf16 => "bf16",
        WeightFormat.W8 => "w8",
        WeightFormat.W8G128 => "w8g128",
        WeightFormat.Q4 => "q4",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a weight format of these kernels."),
    };
}
