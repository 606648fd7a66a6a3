using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.KvCache;

/// <summary>Makes block keys of one numerics class: HMAC-SHA256, cut to 128 bits, over the parent's key and the block's token ids.</summary>
/// <remarks>
/// The HMAC key is itself derived from the cluster's secret, the tenant and the numerics class, so no tenant can guess or meet another's
/// blocks, and blocks of two classes never share a key. Workers with the same secret and class agree on keys, so KV can move between them.
/// </remarks>
public sealed class BlockKeyer
{
    private readonly byte[] _secret;

    /// <summary>Takes the cluster's secret (at least 16 bytes) and the printed numerics class.</summary>
    /// <param name="secret">The same on every worker of the cluster.</param>
    /// <param name="numericsClass">Such as <c>cpu-avx2-f32-kvf32-k1-…</c>.</param>
    /// <param name="blockTokens">Tokens in a block (tokens).</param>
    public BlockKeyer(ReadOnlySpan<byte> secret, string numericsClass, int blockTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, 16, nameof(secret));
        ArgumentException.ThrowIfNullOrEmpty(numericsClass);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        _secret = secret.ToArray();
        NumericsClass = numericsClass;
        BlockTokens = blockTokens;
    }

    /// <summary>The class that all keys are of.</summary>
    public string NumericsClass { get; }

    /// <summary>Tokens in a block (tokens).</summary>
    public int BlockTokens { get; }

    /// <summary>The key chain of one tenant.</summary>
    public TenantKeys For(TenantId tenant)
    {
        byte[] name = Encoding.UTF8.GetBytes(tenant.Value);
        byte[] numerics = Encoding.UTF8.GetBytes(NumericsClass);
        byte[] message = new byte[4 + name.Length + numerics.Length];
        // The length in front keeps (ab, c) and (a, bc) apart.
        BinaryPrimitives.WriteInt32LittleEndian(message, name.Length);
        name.CopyTo(message.AsSpan(4));
        numerics.CopyTo(message.AsSpan(4 + name.Length));
        return new TenantKeys(HMACSHA256.HashData(_secret, message), BlockTokens);
    }
}

/// <summary>The key chain of one tenant in one numerics class.</summary>
public sealed class TenantKeys
{
    private readonly byte[] _salt;
    private readonly byte[] _message;

    internal TenantKeys(byte[] salt, int blockTokens)
    {
        _salt = salt;
        BlockTokens = blockTokens;
        _message = new byte[BlockKey.Bytes + sizeof(int) * blockTokens];
    }

    /// <summary>Tokens in a block (tokens).</summary>
    public int BlockTokens { get; }

    /// <summary>The key of the block that follows <paramref name="parent"/>.</summary>
    /// <param name="parent">Key of the block before it, or <see cref="BlockKey.None"/>.</param>
    /// <param name="tokens">[<see cref="BlockTokens"/>] token ids.</param>
    /// <remarks>One thread at a time: the message buffer is reused.</remarks>
    public BlockKey Next(BlockKey parent, ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokens.Length, BlockTokens, nameof(tokens));
        parent.Write(_message);
        for (int i = 0; i < tokens.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(_message.AsSpan(BlockKey.Bytes + sizeof(int) * i), tokens[i]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_salt, _message, hash);
        return BlockKey.Read(hash);
    }
}
