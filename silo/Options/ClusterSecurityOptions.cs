namespace Astraea.Silo.Options;

/// <summary>The files that make a process a member of its cluster. Every process of a cluster has the same.</summary>
public sealed class ClusterSecurityOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:Cluster";

    /// <summary>File of the cluster's secret, 32 bytes. Made when its folder is there and it is not. Default: <c>cluster.secret</c> in the data directory.</summary>
    public string SecretFile { get; init; } = "";

    /// <summary>
    /// The cluster's certificate authority: a PEM file with root certificate and private key, or a folder with <c>tls.crt</c> and <c>tls.key</c>.
    /// A file is made when its folder is there and it is not. Default: <c>cluster.ca.pem</c> in the data directory.
    /// </summary>
    public string CaFile { get; init; } = "";
}
