using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Astraea.Silo.Security;

/// <summary>The cluster's certificate authority: who holds a certificate of it is a member. ADR-0006.</summary>
/// <remarks>
/// Its PEM holds one private key and one or more certificates. The certificate that fits the key issues; all are trusted, so that an
/// authority can be replaced while processes of the old and of the new one talk to each other.
/// </remarks>
internal sealed class ClusterAuthority
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);
    private static readonly TimeSpan LeafLife = TimeSpan.FromDays(7);

    // Clocks of machines differ a little; a certificate must not be from tomorrow for any of them.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);
    private readonly X509Certificate2 _issuer;
    private readonly X509SignatureGenerator _signer;

    private ClusterAuthority(X509Certificate2 issuer, X509SignatureGenerator signer, X509Certificate2Collection trusted)
    {
        _issuer = issuer;
        _signer = signer;
        Trusted = trusted;
    }

    /// <summary>The roots that peers may come from.</summary>
    public X509Certificate2Collection Trusted { get; }

    /// <summary>From then on nothing can be issued.</summary>
    public DateTimeOffset Ends => _issuer.NotAfter;

    /// <summary>Reads a PEM file, or a folder with <c>tls.crt</c> and <c>tls.key</c>; makes the file when its folder is there and it is not.</summary>
    /// <exception cref="InvalidDataException">What is there cannot be used; the message says why.</exception>
    public static ClusterAuthority ReadOrCreate(string path, DateTimeOffset now)
    {
        if (Directory.Exists(path))
            return Parse(ReadFolder(path), path, now);
        if (!File.Exists(path))
            SecretFile.WriteUnlessThere(path, Encoding.ASCII.GetBytes(Create(now)));
        return Parse(File.ReadAllText(path), path, now);
    }

    /// <summary>Makes an authority: a root certificate and its key, as PEM.</summary>
    public static string Create(DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName($"CN=Astraea cluster {RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using X509Certificate2 root = request.Create(name, X509SignatureGenerator.CreateForECDsa(key), now - Backdated, now + Life, Serial());
        return $"{root.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    /// <summary>Reads certificates and key.</summary>
    /// <param name="pem">Both.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <param name="now">Now.</param>
    /// <exception cref="InvalidDataException">It cannot be used; the message says why.</exception>
    public static ClusterAuthority Parse(string pem, string place, DateTimeOffset now)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw Unusable(place, "holds a certificate that cannot be read", e);
        }
        if (certificates.Count == 0)
            throw Unusable(place, "holds no certificate");
        AsymmetricAlgorithm key = ReadKey(pem, place);
        X509Certificate2 issuer = certificates.FirstOrDefault(c => c.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            ?? throw Unusable(place, "holds a private key that does not fit its certificate");
        foreach (X509Certificate2 certificate in certificates)
        {
            if (!certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(b => b.CertificateAuthority))
                throw Unusable(place, $"holds a certificate that is no authority's ({certificate.Subject})");
            if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
                throw Unusable(place, $"holds an authority that is not a root ({certificate.Subject}, issued by {certificate.Issuer})");
        }
        if (issuer.NotAfter <= now)
            throw Unusable(place, $"holds an authority that expired on {issuer.NotAfter.ToUniversalTime():u}");
        if (issuer.NotBefore > now)
            throw Unusable(place, $"holds an authority that is not valid before {issuer.NotBefore.ToUniversalTime():u}");
        return new ClusterAuthority(issuer, Signer(key), certificates);
    }

    /// <summary>Issues a certificate with a new key, for this process alone: it is never written down.</summary>
    /// <param name="node">Name of the process; stands in the certificate for whoever reads logs.</param>
    /// <param name="now">Now.</param>
    public X509Certificate2 Issue(string node, DateTimeOffset now)
    {
        DateTimeOffset until = now + LeafLife;
        return Issue(node, now - Backdated, until < Ends ? until : Ends, [PeerTrust.ServerUse, PeerTrust.ClientUse]);
    }

    internal X509Certificate2 Issue(string node, DateTimeOffset from, DateTimeOffset until, IEnumerable<Oid> uses)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(node.Length <= 64 ? node : node[..64]);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"urn:astraea:node:{Uri.EscapeDataString(node)}"));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        // Two authorities of one name are told apart by this.
        if (_issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } id)
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(id));
        using X509Certificate2 certificate = request.Create(_issuer.SubjectName, _signer, from, until, Serial());
        X509Certificate2 whole = certificate.CopyWithPrivateKey(key);
        // Schannel does not take keys that are in memory only.
        return OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null) : whole;
    }

    private static string ReadFolder(string folder)
    {
        string[] files = [Path.Combine(folder, "tls.crt"), Path.Combine(folder, "tls.key")];
        foreach (string file in files.Where(file => !File.Exists(file)))
            throw Unusable(folder, $"is a folder and lacks {Path.GetFileName(file)}");
        return string.Join('\n', files.Select(File.ReadAllText));
    }

    private static AsymmetricAlgorithm ReadKey(string pem, string place)
    {
        (string label, string text) = Blocks(pem).Find(b => b.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal));
        if (label is null)
            throw Unusable(place, "holds no private key");
        if (label.StartsWith("ENCRYPTED", StringComparison.Ordinal))
            throw Unusable(place, "holds a private key under a password, which nobody could type here");
        foreach (AsymmetricAlgorithm kind in (AsymmetricAlgorithm[])[ECDsa.Create(), RSA.Create()])
        {
            try
            {
                kind.ImportFromPem(text);
                return kind;
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                kind.Dispose();
            }
        }
        throw Unusable(place, "holds a private key that is neither ECDSA nor RSA, or is damaged");
    }

    private static List<(string Label, string Text)> Blocks(string pem)
    {
        List<(string, string)> blocks = [];
        for (ReadOnlySpan<char> rest = pem; PemEncoding.TryFind(rest, out PemFields fields); rest = rest[fields.Location.End..])
            blocks.Add((rest[fields.Label].ToString(), rest[fields.Location].ToString()));
        return blocks;
    }

    private static X509SignatureGenerator Signer(AsymmetricAlgorithm key) => key is ECDsa ecdsa
        ? X509SignatureGenerator.CreateForECDsa(ecdsa)
        : X509SignatureGenerator.CreateForRSA((RSA)key, RSASignaturePadding.Pkcs1);

    private static byte[] Serial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x3F | 0x40); // Positive, and never shorter.
        return serial;
    }

    private static InvalidDataException Unusable(string place, string what, Exception? inner = null) => new($"{place} {what}.", inner);
}
