using System.Security.Cryptography;
using System.Text;
using Astraea.Core.Lifecycle;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Identity;

/// <summary>Finds the tenant of a bearer token. Default deny: without keys nobody gets in.</summary>
internal sealed class ApiKeys
{
    // Keys are compared by digest, so that the time of a look-up says nothing about a secret.
    private readonly Dictionary<string, TenantId> _tenants = new(StringComparer.Ordinal);

    public ApiKeys(IOptions<GatewayOptions> options)
    {
        foreach (ApiKeyOptions key in options.Value.ApiKeys)
            _tenants[Digest(key.Key)] = new TenantId(key.Tenant);
    }

    /// <summary>The tenant behind the request.</summary>
    /// <exception cref="ApiException">No key, or a wrong one (401).</exception>
    public TenantId Authenticate(HttpRequest request)
    {
        const string scheme = "Bearer ";
        string? header = request.Headers.Authorization.Count == 1 ? request.Headers.Authorization[0] : null;
        if (string.IsNullOrEmpty(header))
            throw Deny("No API key was given. Send it as 'Authorization: Bearer KEY'.", null);
        return (header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? Find(header[scheme.Length..].Trim()) : null) ?? throw Unknown();
    }

    /// <summary>The tenant who holds a key; null when nobody does.</summary>
    public TenantId? Find(string? key) => _tenants.TryGetValue(Digest(key ?? ""), out TenantId tenant) ? tenant : null;

    public static ApiException Unknown() => Deny("This API key is not known.", "invalid_api_key");

    private static ApiException Deny(string message, string? code) => new ApiError(StatusCodes.Status401Unauthorized, message, code).Raise();

    private static string Digest(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
