using System.Security.Cryptography;

namespace Astraea.Silo.Composition;

/// <summary>The secret that signs migration tickets and salts KV keys: made at the first start, kept beside the histories.</summary>
internal static class ClusterSecret
{
    private const int Bytes = 32;

    /// <summary>Reads the secret, or makes it.</summary>
    /// <exception cref="InvalidDataException">The file is not one of ours.</exception>
    public static byte[] ReadOrCreate(string dataDirectory)
    {
        string path = Path.Combine(dataDirectory, "cluster.secret");
        if (!File.Exists(path))
            SecretFile.Write(path, RandomNumberGenerator.GetBytes(Bytes));
        byte[] secret = File.ReadAllBytes(path);
        return secret.Length == Bytes ? secret : throw new InvalidDataException($"{path} should hold {Bytes} bytes, not {secret.Length}.");
    }
}

/// <summary>A file only its owner may read.</summary>
internal static class SecretFile
{
    /// <summary>Writes it aside and moves it into place, so that a crash between the two leaves no half secret.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string draft = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, options))
            file.Write(content);
        File.Move(draft, path);
    }
}
