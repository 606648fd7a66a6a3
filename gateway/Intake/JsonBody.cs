using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;

namespace Astraea.Gateway.Intake;

/// <summary>A body that is one JSON object, and its stable hash.</summary>
/// <param name="Fields">The object.</param>
/// <param name="Hash">SHA-256 of path and body bytes, hex: two equal posts have the same, and no post to another path has.</param>
internal sealed record JsonBody(JsonFields Fields, string Hash)
{
    /// <summary>Reads and checks a body before anything else is done with it.</summary>
    /// <exception cref="ApiException">Not JSON, too large, too deep, ambiguous, or not an object.</exception>
    public static async Task<JsonBody> ReadAsync(HttpContext context, GatewayOptions options)
    {
        HttpRequest request = context.Request;
        if (!request.HasJsonContentType())
            throw new ApiError(StatusCodes.Status415UnsupportedMediaType, "The body must be JSON: send 'Content-Type: application/json'.").Raise();
        return Read(await ReadBytesAsync(context, options.BodyBytesMax), request.Path, options);
    }

    /// <summary>Checks a body that is there already.</summary>
    /// <exception cref="ApiException">Not JSON, too large, too deep, ambiguous, or not an object.</exception>
    public static JsonBody Read(ReadOnlyMemory<byte> bytes, string path, GatewayOptions options)
    {
        if (bytes.Length > options.BodyBytesMax)
            throw TooLarge(options.BodyBytesMax);
        JsonElement root = Parse(bytes, options.JsonDepthMax);
        if (root.ValueKind != JsonValueKind.Object)
            throw ApiError.Invalid(null, "The body must be a JSON object.").Raise();
        return new JsonBody(new JsonFields(root, ""), Digest(path, bytes.Span));
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context, int limit)
    {
        // The limit is ours to check, with or without a declared length, so that the answer has the right shape.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = null;
        if (context.Request.ContentLength > limit)
            throw TooLarge(limit);
        ArrayBufferWriter<byte> buffer = new(4096);
        while (true)
        {
            int read = await context.Request.Body.ReadAsync(buffer.GetMemory(4096), context.RequestAborted);
            if (read == 0)
                return buffer.WrittenMemory;
            buffer.Advance(read);
            if (buffer.WrittenCount > limit)
                throw TooLarge(limit);
        }
    }

    private static ApiException TooLarge(int limit) =>
        new ApiError(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {limit} bytes.", "request_too_large").Raise();

    private static JsonElement Parse(ReadOnlyMemory<byte> bytes, int depthMax)
    {
        if (bytes.IsEmpty)
            throw ApiError.Invalid(null, "The body is empty; a JSON object was expected.").Raise();
        if (!Utf8.IsValid(bytes.Span))
            throw ApiError.Invalid(null, "The body is not valid UTF-8.").Raise();
        try
        {
            CheckStrings(bytes.Span, depthMax);
            JsonDocumentOptions strict = new() { MaxDepth = depthMax, AllowDuplicateProperties = false };
            using JsonDocument document = JsonDocument.Parse(bytes, strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw ApiError.Invalid(null, $"The body is not valid JSON: {FirstSentence(e.Message)}").Raise();
        }
    }

    /// <summary>Refuses escapes that spell half a surrogate pair: such a string has no text, and would fail wherever it is read first.</summary>
    private static void CheckStrings(ReadOnlySpan<byte> bytes, int depthMax)
    {
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = depthMax });
        char[]? scratch = null;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
                    continue;
                if (scratch is null || scratch.Length < reader.ValueSpan.Length)
                {
                    if (scratch is not null)
                        ArrayPool<char>.Shared.Return(scratch);
                    scratch = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
                }
                reader.CopyString(scratch);
            }
        }
        catch (InvalidOperationException)
        {
            throw ApiError.Invalid(null, $"A string near byte {reader.TokenStartIndex} holds half a surrogate pair.").Raise();
        }
        finally
        {
            if (scratch is not null)
                ArrayPool<char>.Shared.Return(scratch);
        }
    }

    private static string Digest(string path, ReadOnlySpan<byte> body)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(path));
        hash.AppendData([0]);
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // The reader's messages add a path that may quote the body at length.
    private static string FirstSentence(string message) => message.Split(". ", 2)[0].TrimEnd('.') + ".";
}
