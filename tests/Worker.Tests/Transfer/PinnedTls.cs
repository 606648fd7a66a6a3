using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Astraea.Worker.Tests.Transfer;

/// <summary>Mutual TLS for one test: one certificate at both ends, and each takes that one only.</summary>
internal sealed class PinnedTls : IDisposable
{
    private readonly X509Certificate2 _certificate;

    public PinnedTls()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    public void Listen(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = _certificate,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (shown, _, _) => IsOurs(shown),
        });
    }

    public SocketsHttpHandler Call() => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [_certificate],
            RemoteCertificateValidationCallback = (_, shown, _, _) => IsOurs(shown),
        },
    };

    public void Dispose() => _certificate.Dispose();

    private bool IsOurs(X509Certificate? shown) => shown is X509Certificate2 other && other.Thumbprint == _certificate.Thumbprint;
}
