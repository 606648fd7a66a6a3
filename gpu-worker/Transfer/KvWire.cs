using System.Buffers.Binary;
using System.Security.Cryptography;
using Astraea.Core.KvCache;

namespace Astraea.Worker.Transfer;

/// <summary>The bytes of a KV move: a head, then blocks of one size from first to last. All numbers little-endian, keys big-endian.</summary>
/// <remarks>
/// Head: magic (4), blocks (4), tokens in a block (4), bytes of a block (4).
/// Block: length of the rest (4), key (16), token ids (4 each), KV bytes, checksum (16): SHA-256 cut to 128 bits over all before it but the length.
/// </remarks>
internal static class KvWire
{
    public const uint Magic = 0x31564B41; // AKV1
    public const int HeadBytes = 16;
    public const int LengthBytes = 4;
    public const int ChecksumBytes = 16;
    public const string TicketHeader = "x-astraea-kv-ticket";

    public static int BlockBytes(int blockTokens, int kvBytes) => BlockKey.Bytes + sizeof(int) * blockTokens + kvBytes + ChecksumBytes;

    public static void WriteHead(Span<byte> destination, int blocks, int blockTokens, int kvBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], blocks);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], blockTokens);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], kvBytes);
    }

    /// <summary>Writes a block with its length and checksum.</summary>
    public static void WriteBlock(Span<byte> destination, BlockKey key, ReadOnlySpan<int> tokens, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, destination.Length - LengthBytes);
        Span<byte> body = destination[LengthBytes..];
        key.Write(body);
        int at = BlockKey.Bytes;
        foreach (int token in tokens)
        {
            BinaryPrimitives.WriteInt32LittleEndian(body[at..], token);
            at += sizeof(int);
        }
        bytes.CopyTo(body[at..]);
        Checksum(body[..^ChecksumBytes], body[^ChecksumBytes..]);
    }

    /// <summary>Reads a block, length excluded. The caller checks the key against the tokens.</summary>
    /// <returns>False when the checksum is wrong.</returns>
    public static bool TryReadBlock(ReadOnlySpan<byte> body, Span<int> tokens, out BlockKey key, out ReadOnlySpan<byte> bytes)
    {
        key = BlockKey.Read(body);
        int at = BlockKey.Bytes;
        for (int i = 0; i < tokens.Length; i++, at += sizeof(int))
            tokens[i] = BinaryPrimitives.ReadInt32LittleEndian(body[at..]);
        bytes = body[at..^ChecksumBytes];
        Span<byte> sum = stackalloc byte[ChecksumBytes];
        Checksum(body[..^ChecksumBytes], sum);
        return sum.SequenceEqual(body[^ChecksumBytes..]);
    }

    private static void Checksum(ReadOnlySpan<byte> body, Span<byte> sum)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        hash[..ChecksumBytes].CopyTo(sum);
    }
}
