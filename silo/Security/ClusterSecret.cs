using System.Security.Cryptography;

namespace Astraea.Silo.Security;

/// <summary>The secret that signs migration tickets and salts KV keys. Every process of a cluster has the same.</summary>
internal static class ClusterSecret
{
    /// <summary>Length (By).</summary>
    public const int Bytes = 32;

    /// <summary>Reads the secret; makes the file when its folder is there and it is not.</summary>
    /// <exception cref="InvalidDataException">The file is not one of ours, or cannot be.</exception>
    public static byte[] ReadOrCreate(string path)
    {
        if (!File.Exists(path))
            SecretFile.WriteUnlessThere(path, RandomNumberGenerator.GetBytes(Bytes));
        byte[] secret = File.ReadAllBytes(path);
        return secret.Length == Bytes
            ? secret
            : throw new InvalidDataException($"{path} should hold a secret of {Bytes} bytes, not {secret.Length} bytes.");
    }
}
