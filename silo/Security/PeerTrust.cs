using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Astraea.Silo.Security;

/// <summary>Who is a peer: whoever shows a certificate of the cluster's authority, in date and for the use at hand.</summary>
/// <remarks>Names are not compared: addresses of workers come from the scheduler and change; membership is what counts.</remarks>
internal static class PeerTrust
{
    /// <summary>Use of a certificate by the end that listens.</summary>
    public static Oid ServerUse { get; } = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Use of a certificate by the end that calls.</summary>
    public static Oid ClientUse { get; } = new("1.3.6.1.5.5.7.3.2");

    /// <summary>How a peer's chain is built: from the cluster's roots alone. Revocation is not asked for: leaves live for days.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection roots, Oid use, DateTimeOffset now)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.LocalDateTime,
        };
        policy.CustomTrustStore.AddRange(roots);
        policy.ApplicationPolicy.Add(use);
        return policy;
    }

    /// <summary>Null when the peer is one of us, else why not.</summary>
    public static string? Refusal(X509Certificate? certificate, X509Certificate2Collection roots, Oid use, DateTimeOffset now)
    {
        if (certificate is not X509Certificate2 shown)
            return "it shows no certificate";
        using var chain = new X509Chain { ChainPolicy = Policy(roots, use, now) };
        if (!chain.Build(shown))
            return $"its certificate ({shown.Subject}) is not a good one of this cluster's authority: {string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct())}";
        if (shown.Extensions.OfType<X509BasicConstraintsExtension>().Any(b => b.CertificateAuthority))
            return $"its certificate ({shown.Subject}) is an authority's own";
        // A chain takes a certificate that names no use for good for every use. Ours name theirs.
        bool fits = shown.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(e => e.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == use.Value));
        return fits ? null : $"its certificate ({shown.Subject}) is not for this use";
    }
}
