using System.Security.Cryptography;

namespace Astraea.Silo.Security;

/// <summary>A file only its owner may read, written whole or not at all.</summary>
internal static class SecretFile
{
    /// <summary>Makes the file unless it is there. Of several processes that try at once one wins, and all find the winner's content.</summary>
    /// <remarks>Written aside and then moved without overwriting: a crash between the two leaves no half secret under the name.</remarks>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static void WriteUnlessThere(string path, ReadOnlySpan<byte> content)
    {
        string draft = $"{path}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(draft, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its content counts.
        }
        finally
        {
            File.Delete(draft);
        }
    }
}
