using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Astraea.Silo.Security;

/// <summary>This process as a peer: its certificate, renewed while it runs, and both ends of mutual TLS under it.</summary>
/// <param name="authority">Issues and judges certificates.</param>
/// <param name="node">Name of this process, for whoever reads logs.</param>
/// <param name="time">Clock.</param>
internal sealed class NodeTls(ClusterAuthority authority, string node, TimeProvider time)
{
    private readonly Lock _gate = new();
    private X509Certificate2? _current;
    private SslStreamCertificateContext? _context;
    private DateTimeOffset _renewAt;

    /// <summary>The certificate for new connections. In the second half of its life the next is issued; open connections keep theirs.</summary>
    public X509Certificate2 Certificate => Current().Certificate;

    /// <summary>The end that listens, for one connection; HTTP/2 only.</summary>
    /// <param name="refused">Told why a peer was turned away.</param>
    public SslServerAuthenticationOptions Listening(Action<string> refused) => new()
    {
        ServerCertificateContext = Current().Context,
        ClientCertificateRequired = true,
        CertificateChainPolicy = PeerTrust.Policy(authority.Trusted, PeerTrust.ClientUse, time.GetUtcNow()),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Accepts(certificate, PeerTrust.ClientUse, refused),
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        AllowRenegotiation = false,
        // A resumed session would carry over a certificate that has expired since.
        AllowTlsResume = false,
    };

    /// <summary>The end that calls.</summary>
    /// <param name="refused">Told why a peer was turned away.</param>
    public SocketsHttpHandler Calling(Action<string> refused) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            LocalCertificateSelectionCallback = (_, _, _, _, _) => Certificate,
            CertificateChainPolicy = PeerTrust.Policy(authority.Trusted, PeerTrust.ServerUse, time.GetUtcNow()),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => Accepts(certificate, PeerTrust.ServerUse, refused),
            AllowTlsResume = false,
        },
        // Peers are named by address and are not reached by way of anybody else.
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromHours(1),
    };

    // The handshake's own verdict is not asked for: it also compares names, and at the calling end it would judge by the time these
    // options were made. Its chain policy is set nevertheless, so that it looks for nothing elsewhere.
    private bool Accepts(X509Certificate? certificate, Oid use, Action<string> refused)
    {
        string? refusal = PeerTrust.Refusal(certificate, authority.Trusted, use, time.GetUtcNow());
        if (refusal is not null)
            refused(refusal);
        return refusal is null;
    }

    private (X509Certificate2 Certificate, SslStreamCertificateContext Context) Current()
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            // An authority that has ended issues nothing; peers will say so.
            if (_current is null || _context is null || (now >= _renewAt && now < authority.Ends))
            {
                _current = authority.Issue(node, now);
                _context = SslStreamCertificateContext.Create(_current, null, offline: true);
                _renewAt = now + (_current.NotAfter - now) / 2;
            }
            return (_current, _context);
        }
    }
}
