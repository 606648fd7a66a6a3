using System.Buffers.Binary;
using System.Globalization;

namespace Astraea.Core.KvCache;

/// <summary>Content address of one full KV block: it commits to the tenant, the numerics class, and every token up to the end of the block.</summary>
public readonly record struct BlockKey(UInt128 Value)
{
    /// <summary>Bytes of a key (By).</summary>
    public const int Bytes = 16;

    /// <summary>The parent of a first block.</summary>
    public static BlockKey None => default;

    /// <summary>Reads the printed form: 32 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out BlockKey key)
    {
        bool good = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value) && text.Length == 2 * Bytes;
        key = good ? new BlockKey(value) : default;
        return good;
    }

    /// <summary>Reads the wire form: <see cref="Bytes"/> bytes, big-endian.</summary>
    public static BlockKey Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>Writes the wire form: <see cref="Bytes"/> bytes, big-endian.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
