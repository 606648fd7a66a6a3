using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Identity;

/// <summary>Names one exchange of one agent request on the wire.</summary>
/// <param name="Request">The agent request.</param>
/// <param name="Ordinal">Ordinal of the exchange in it, from 0.</param>
internal readonly record struct ExchangeId(RequestId Request, int Ordinal)
{
    private const string ResponsePrefix = "resp_";

    /// <summary>The id of a Responses object.</summary>
    public string Response => ResponsePrefix + Suffix;

    /// <summary>The id of a chat completion.</summary>
    public string ChatCompletion => "chatcmpl-" + Suffix;

    /// <summary>The id of a message item in a Responses output.</summary>
    public string Message(int outputIndex) => $"msg_{Suffix}_{outputIndex}";

    /// <summary>The id of a function-call item in a Responses output.</summary>
    public string FunctionCall(int outputIndex) => $"fc_{Suffix}_{outputIndex}";

    /// <summary>Reads the id of a Responses object; false for anything we would not print.</summary>
    public static bool TryParseResponse([NotNullWhen(true)] string? text, out ExchangeId id)
    {
        id = default;
        int tail = ResponsePrefix.Length + RequestId.TextLength;
        if (text is null || text.Length <= tail || !text.StartsWith(ResponsePrefix, StringComparison.Ordinal)
            || !RequestId.TryParse(text.AsSpan(ResponsePrefix.Length, RequestId.TextLength), out RequestId request)
            || !int.TryParse(text.AsSpan(tail), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            || (text.Length > tail + 1 && text[tail] == '0'))
            return false;
        id = new ExchangeId(request, ordinal);
        return true;
    }

    private string Suffix => $"{Request}{Ordinal}";
}

/// <summary>Makes request ids: from the idempotency key, so that equal posts meet at one actor, or by chance.</summary>
internal static class RequestIds
{
    /// <summary>Longest idempotency key (characters).</summary>
    public const int KeyLengthMax = 255;

    /// <summary>Whether a client may use this key.</summary>
    public static bool IsKey([NotNullWhen(true)] string? key) => key is { Length: > 0 and <= KeyLengthMax } && Ascii.IsValid(key);

    /// <summary>First 16 bytes of SHA-256 over tenant, 0, key.</summary>
    public static RequestId Of(TenantId tenant, string idempotencyKey)
    {
        // A tenant name holds no NUL (options check), so two pairs cannot run together.
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Value}\0{idempotencyKey}"));
        return new RequestId(BinaryPrimitives.ReadUInt128BigEndian(digest));
    }

    /// <summary>The key of a further answer to the same POST; no client can send it.</summary>
    public static string KeyOfChoice(string key, int choice) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key}\u0001{choice}");

    /// <summary>A new id by chance.</summary>
    public static RequestId Random() => new(BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16)));
}
