using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Astraea.Core;
using Astraea.Core.Lifecycle;

namespace Astraea.Contracts.Transfer;

/// <summary>Leave to move one request's KV once, from one worker to another. Signed by control, checked by both ends.</summary>
/// <param name="Request">Whose KV.</param>
/// <param name="Tenant">Owner; part of every block key.</param>
/// <param name="Source">Who sends.</param>
/// <param name="Target">Who takes.</param>
/// <param name="TipKey">Key of the last block, hex: it commits to every block before it.</param>
/// <param name="NumericsClass">Both ends must be of this class.</param>
/// <param name="Expires">Void afterwards.</param>
/// <param name="Nonce">Makes the ticket single-use.</param>
public sealed record MigrationTicket(
    RequestId Request, TenantId Tenant, WorkerId Source, WorkerId Target, string TipKey, string NumericsClass, Instant Expires, string Nonce);

/// <summary>Signs and checks tickets with the cluster's secret: HMAC-SHA256 over the JSON, both base64url, joined by a dot.</summary>
public sealed class TicketSigner
{
    private readonly byte[] _secret;

    /// <summary>Takes the cluster's secret, at least 16 bytes.</summary>
    public TicketSigner(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, 16);
        _secret = secret.ToArray();
    }

    /// <summary>Signs a ticket.</summary>
    public string Sign(MigrationTicket ticket)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(ticket, TicketJson.Default.MigrationTicket);
        return $"{System.Buffers.Text.Base64Url.EncodeToString(body)}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(_secret, body))}";
    }

    /// <summary>Reads a signed ticket; false when it was not signed with this secret, is malformed, or has expired.</summary>
    public bool TryOpen(string signed, Instant now, [NotNullWhen(true)] out MigrationTicket? ticket)
    {
        ticket = null;
        int dot = signed.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return false;
        try
        {
            byte[] body = System.Buffers.Text.Base64Url.DecodeFromChars(signed.AsSpan(0, dot));
            byte[] mac = System.Buffers.Text.Base64Url.DecodeFromChars(signed.AsSpan(dot + 1));
            if (!CryptographicOperations.FixedTimeEquals(mac, HMACSHA256.HashData(_secret, body)))
                return false;
            ticket = JsonSerializer.Deserialize(body, TicketJson.Default.MigrationTicket);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return false;
        }
        if (ticket is not null && ticket.Expires >= now)
            return true;
        ticket = null;
        return false;
    }
}

[JsonSerializable(typeof(MigrationTicket))]
internal sealed partial class TicketJson : JsonSerializerContext;
