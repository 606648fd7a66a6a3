using Astraea.Silo.Composition;
using Astraea.Silo.Options;

namespace Astraea.Silo.Security;

/// <summary>What makes this process a member: the cluster's secret, and a certificate of the cluster's authority. ADR-0006.</summary>
/// <param name="Secret">Signs migration tickets and salts KV keys.</param>
/// <param name="Tls">Certificates of the data plane.</param>
internal sealed record ClusterTrust(byte[] Secret, NodeTls Tls)
{
    /// <summary>Reads both from the files that the options name, by default in the data directory; makes what is absent.</summary>
    /// <exception cref="NodeConfigurationException">A file cannot be used; the message names setting, file and reason.</exception>
    public static ClusterTrust Open(ClusterSecurityOptions options, string dataDirectory, string node, TimeProvider time)
    {
        byte[] secret = Read(options.SecretFile, "SecretFile", Path.Combine(dataDirectory, "cluster.secret"), ClusterSecret.ReadOrCreate);
        ClusterAuthority authority = Read(options.CaFile, "CaFile", Path.Combine(dataDirectory, "cluster.ca.pem"), path => ClusterAuthority.ReadOrCreate(path, time.GetUtcNow()));
        return new ClusterTrust(secret, new NodeTls(authority, node, time));
    }

    private static T Read<T>(string named, string setting, string standard, Func<string, T> read)
    {
        string path = named.Length == 0 ? standard : Path.GetFullPath(named);
        try
        {
            return read(path);
        }
        catch (DirectoryNotFoundException)
        {
            throw new NodeConfigurationException($"{ClusterSecurityOptions.Section}:{setting}: {path} is not there, and neither is its folder.");
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException($"{ClusterSecurityOptions.Section}:{setting}: {e.Message}", e);
        }
    }
}
