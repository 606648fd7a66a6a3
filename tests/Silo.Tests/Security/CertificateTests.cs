using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Astraea.Silo.Security;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Silo.Tests.Security;

public sealed class CertificateTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private DateTimeOffset Now => _time.GetUtcNow();

    [Fact]
    public void A_leaf_names_its_node_and_its_uses_and_is_no_authority()
    {
        X509Certificate2 leaf = Authority().Issue("worker-0 of rack #7", Now);
        Assert.True(leaf.HasPrivateKey);
        Assert.Equal("1.2.840.10045.3.1.7", leaf.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value);
        Assert.Equal("worker-0 of rack #7", leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        Assert.Contains("urn:astraea:node:worker-0%20of%20rack%20%237", leaf.Extensions["2.5.29.17"]!.Format(false), StringComparison.Ordinal);
        Assert.False(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(
            [PeerTrust.ServerUse.Value, PeerTrust.ClientUse.Value],
            leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(o => o.Value));
        Assert.True(leaf.NotBefore < Now.LocalDateTime && leaf.NotAfter > Now.AddDays(6).LocalDateTime && leaf.NotAfter < Now.AddDays(8).LocalDateTime);
    }

    [Fact]
    public void A_leaf_does_not_outlive_its_authority()
    {
        ClusterAuthority authority = ClusterAuthority.Parse(ClusterAuthority.Create(Now), "test", Now);
        DateTimeOffset late = authority.Ends.AddDays(-1);
        Assert.Equal(authority.Ends, new DateTimeOffset(authority.Issue("n", late).NotAfter));
    }

    [Fact]
    public void A_peer_is_whoever_our_authority_issued_to_for_the_use_at_hand_and_in_date()
    {
        ClusterAuthority ours = Authority(), other = Authority();
        X509Certificate2 peer = ours.Issue("n", Now);
        Oid[] uses = [PeerTrust.ServerUse, PeerTrust.ClientUse];
        Assert.All(uses, use => Assert.Null(PeerTrust.Refusal(peer, ours.Trusted, use, Now)));
        Assert.All(uses, use => Assert.Equal("it shows no certificate", PeerTrust.Refusal(null, ours.Trusted, use, Now)));

        Assert.Contains("NotTimeValid", PeerTrust.Refusal(peer, ours.Trusted, PeerTrust.ClientUse, Now.AddDays(8)), StringComparison.Ordinal);
        Assert.Contains("NotTimeValid", PeerTrust.Refusal(peer, ours.Trusted, PeerTrust.ClientUse, Now.AddDays(-1)), StringComparison.Ordinal);
        Assert.Contains("authority", PeerTrust.Refusal(other.Issue("n", Now), ours.Trusted, PeerTrust.ClientUse, Now), StringComparison.Ordinal);

        X509Certificate2 server = ours.Issue("n", Now.AddHours(-1), Now.AddDays(1), [PeerTrust.ServerUse]);
        X509Certificate2 none = ours.Issue("n", Now.AddHours(-1), Now.AddDays(1), []);
        Assert.Null(PeerTrust.Refusal(server, ours.Trusted, PeerTrust.ServerUse, Now));
        Assert.NotNull(PeerTrust.Refusal(server, ours.Trusted, PeerTrust.ClientUse, Now));
        Assert.All(uses, use => Assert.NotNull(PeerTrust.Refusal(none, ours.Trusted, use, Now)));
        Assert.All(uses, use => Assert.NotNull(PeerTrust.Refusal(ours.Trusted[0], ours.Trusted, use, Now)));
    }

    [Fact]
    public void A_leaf_cannot_issue_leaves()
    {
        ClusterAuthority ours = Authority();
        X509Certificate2 leaf = ours.Issue("n", Now);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=forged", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([PeerTrust.ClientUse], false));
        using ECDsa signer = leaf.GetECDsaPrivateKey()!;
        X509Certificate2 forged = request.Create(leaf.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), Now.AddHours(-1), Now.AddDays(1), [1]);
        using X509Chain chain = new() { ChainPolicy = PeerTrust.Policy(ours.Trusted, PeerTrust.ClientUse, Now) };
        chain.ChainPolicy.ExtraStore.Add(leaf); // As if it had been sent along.
        Assert.False(chain.Build(forged));
        Assert.NotNull(PeerTrust.Refusal(forged, ours.Trusted, PeerTrust.ClientUse, Now));
    }

    [Fact]
    public void Old_and_new_authority_talk_to_each_other_while_both_are_trusted()
    {
        string oldPem = ClusterAuthority.Create(Now), newPem = ClusterAuthority.Create(Now);
        using X509Certificate2 oldRoot = X509Certificate2.CreateFromPem(oldPem), newRoot = X509Certificate2.CreateFromPem(newPem);
        ClusterAuthority before = ClusterAuthority.Parse(oldPem + newRoot.ExportCertificatePem(), "test", Now);
        ClusterAuthority after = ClusterAuthority.Parse(oldRoot.ExportCertificatePem() + "\n" + newPem, "test", Now);
        X509Certificate2 byOld = before.Issue("n", Now), byNew = after.Issue("n", Now);
        Assert.Equal((oldRoot.Subject, newRoot.Subject), (byOld.Issuer, byNew.Issuer));
        Assert.Null(PeerTrust.Refusal(byOld, after.Trusted, PeerTrust.ClientUse, Now));
        Assert.Null(PeerTrust.Refusal(byNew, before.Trusted, PeerTrust.ClientUse, Now));
    }

    [Fact]
    public void The_certificate_is_renewed_at_half_of_its_life_while_the_process_runs()
    {
        NodeTls tls = new(Authority(), "n", _time);
        X509Certificate2 first = tls.Certificate;
        _time.Advance(TimeSpan.FromDays(3));
        Assert.Same(first, tls.Certificate);
        _time.Advance(TimeSpan.FromDays(1));
        X509Certificate2 second = tls.Certificate;
        Assert.NotEqual(first.SerialNumber, second.SerialNumber);
        Assert.Same(second, tls.Certificate);
        _time.Advance(TimeSpan.FromDays(5000)); // The authority is over: the last certificate stays, and peers will refuse it.
        Assert.Same(second, tls.Certificate);
    }

    private ClusterAuthority Authority() => ClusterAuthority.Parse(ClusterAuthority.Create(Now), "test", Now);
}
