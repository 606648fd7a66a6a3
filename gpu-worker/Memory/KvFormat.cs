namespace Astraea.Worker.Memory;

/// <summary>How keys and values are kept. Each is a numerics class of its own; sums over them are always f32.</summary>
public enum KvFormat
{
    /// <summary>IEEE single.</summary>
    F32,

    /// <summary>The upper half of a single: half the memory, and half of it to read.</summary>
    Bf16,
}

/// <summary>Names of the formats.</summary>
public static class KvFormats
{
    /// <summary>Name in a numerics class: <c>f32</c> or <c>bf16</c>.</summary>
    public static string Name(KvFormat format) => format switch
    {
        KvFormat.F32 => "f32",
        KvFormat.Bf16 => "bf16",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a KV format of this backend."),
    };
}
