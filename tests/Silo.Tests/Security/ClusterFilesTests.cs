using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Astraea.Silo.Composition;
using Astraea.Silo.Options;
using Astraea.Silo.Security;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Silo.Tests.Security;

public sealed class ClusterFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-trust-");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Absent_files_are_made_once_and_are_for_their_owner_only()
    {
        ClusterTrust first = Open(new ClusterSecurityOptions());
        ClusterTrust again = Open(new ClusterSecurityOptions());
        Assert.Equal(first.Secret, again.Secret);
        Assert.Equal(ClusterSecret.Bytes, first.Secret.Length);
        Assert.Equal(first.Tls.Certificate.Issuer, again.Tls.Certificate.Issuer);
        Assert.Equal(["cluster.ca.pem", "cluster.secret"], Names());
        if (!OperatingSystem.IsWindows())
            Assert.All(_folder.GetFiles(), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
    }

    [Fact]
    public async Task Of_many_that_start_at_once_one_makes_the_files_and_all_use_them()
    {
        ClusterSecurityOptions options = Named("shared.secret", "shared.pem");
        using Barrier together = new(8);
        Task<ClusterTrust>[] starts = [.. Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait();
                return Open(options);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        ClusterTrust[] all = await Task.WhenAll(starts);
        Assert.Single(all.Select(t => Convert.ToHexString(t.Secret)).Distinct());
        Assert.Single(all.Select(t => t.Tls.Certificate.Issuer).Distinct());
        Assert.Equal(8, all.Select(t => t.Tls.Certificate.SerialNumber).Distinct().Count());
        Assert.Equal(["shared.pem", "shared.secret"], Names());
    }

    [Fact]
    public void A_file_that_is_there_is_never_replaced()
    {
        string path = Place("a.secret");
        File.WriteAllText(path, "mine");
        SecretFile.WriteUnlessThere(path, [1, 2, 3]);
        Assert.Equal("mine", File.ReadAllText(path));
        Assert.Equal(["a.secret"], Names());
    }

    [Fact]
    public void Files_whose_folder_is_missing_are_refused_by_name()
    {
        string folder = Place("no-such-folder");
        Assert.StartsWith("Astraea:Cluster:SecretFile: ", Refused(Named("no-such-folder/a", "a.pem")), StringComparison.Ordinal);
        Assert.StartsWith("Astraea:Cluster:CaFile: ", Refused(Named("a", "no-such-folder/a.pem")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData(0), InlineData(31), InlineData(33)]
    public void A_secret_of_another_length_is_refused(int bytes)
    {
        File.WriteAllBytes(Place("a.secret"), new byte[bytes]);
        string said = Refused(Named("a.secret", "a.pem"));
        Assert.Contains("Astraea:Cluster:SecretFile", said, StringComparison.Ordinal);
        Assert.Contains($"not {bytes} bytes", said, StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_that_cannot_be_used_is_refused_with_the_reason()
    {
        string good = ClusterAuthority.Create(_time.GetUtcNow()), other = ClusterAuthority.Create(_time.GetUtcNow());
        (string Pem, string Reason)[] wrong =
        [
            ("", "holds no certificate"),
            ("not PEM at all", "holds no certificate"),
            (Key(good), "holds no certificate"),
            (Certificate(good), "holds no private key"),
            (Certificate(good) + Key(other), "does not fit its certificate"),
            (Certificate(good).Replace("MII", "AAA", StringComparison.Ordinal).Replace("MIIB", "AAAA", StringComparison.Ordinal) + Key(good), "cannot be read"),
            (Certificate(good) + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "neither ECDSA nor RSA, or is damaged"),
            (Certificate(good) + Key(good).Replace("PRIVATE", "ENCRYPTED PRIVATE", StringComparison.Ordinal), "under a password"),
            (ClusterAuthority.Create(_time.GetUtcNow().AddDays(-4000)), "expired on 20"),
            (ClusterAuthority.Create(_time.GetUtcNow().AddDays(1)), "not valid before 2026-03-02"),
            (Leaf(good), "no authority's"),
        ];
        foreach ((string pem, string reason) in wrong)
        {
            File.WriteAllText(Place("a.pem"), pem);
            string said = Refused(Named("a.secret", "a.pem"));
            Assert.StartsWith($"Astraea:Cluster:CaFile: {Place("a.pem")} ", said, StringComparison.Ordinal);
            Assert.Contains(reason, said, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', said);
            Assert.Equal(pem, File.ReadAllText(Place("a.pem")));
        }
    }

    [Fact]
    public void An_authority_may_be_a_folder_with_certificate_and_key()
    {
        string pem = ClusterAuthority.Create(_time.GetUtcNow());
        Directory.CreateDirectory(Place("ca"));
        Assert.Contains("lacks tls.crt", Refused(Named("a.secret", "ca")), StringComparison.Ordinal);
        File.WriteAllText(Place("ca/tls.crt"), Certificate(pem));
        Assert.Contains("lacks tls.key", Refused(Named("a.secret", "ca")), StringComparison.Ordinal);
        File.WriteAllText(Place("ca/tls.key"), Key(pem));
        using X509Certificate2 root = X509Certificate2.CreateFromPem(pem);
        Assert.Equal(root.Subject, Open(Named("a.secret", "ca")).Tls.Certificate.Issuer);
    }

    [Fact]
    public void An_authority_with_an_rsa_key_issues_too()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=rsa", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 root = request.CreateSelfSigned(_time.GetUtcNow().AddDays(-1), _time.GetUtcNow().AddDays(99));
        File.WriteAllText(Place("a.pem"), root.ExportCertificatePem() + "\n" + key.ExportRSAPrivateKeyPem());
        X509Certificate2 leaf = Open(Named("a.secret", "a.pem")).Tls.Certificate;
        Assert.Null(PeerTrust.Refusal(leaf, [root], PeerTrust.ServerUse, _time.GetUtcNow()));
    }

    private ClusterTrust Open(ClusterSecurityOptions options) => ClusterTrust.Open(options, _folder.FullName, "node", _time);

    private string Refused(ClusterSecurityOptions options) => Assert.Throws<NodeConfigurationException>(() => Open(options)).Message;

    private ClusterSecurityOptions Named(string secret, string authority) => new() { SecretFile = Place(secret), CaFile = Place(authority) };

    private string Place(string name) => Path.Combine(_folder.FullName, name);

    private string[] Names() => [.. _folder.GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal)];

    private static string Certificate(string pem) => pem[..pem.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal)];

    private static string Key(string pem) => pem[pem.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal)..];

    private string Leaf(string pem)
    {
        using X509Certificate2 leaf = ClusterAuthority.Parse(pem, "test", _time.GetUtcNow()).Issue("n", _time.GetUtcNow());
        using ECDsa key = leaf.GetECDsaPrivateKey()!;
        return $"{leaf.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
