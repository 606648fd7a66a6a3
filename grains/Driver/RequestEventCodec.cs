using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Astraea.Core.Lifecycle;

namespace Astraea.Grains.Driver;

/// <summary>Request events as JSON: one object each, its type and record version first. The golden file of the tests holds the shape.</summary>
/// <remarks>Fields this version does not know are skipped, so that two versions can read one history during a rolling upgrade.</remarks>
public sealed class RequestEventCodec : IEventCodec<RequestEvent>
{
    // Conversations are JSON inside JSON: the escaping that web pages need would make each quote six bytes.
    private static readonly RequestEventJson s_json = new(
        new JsonSerializerOptions(RequestEventJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Encode(RequestEvent happened) => JsonSerializer.SerializeToUtf8Bytes(happened, s_json.RequestEvent);

    /// <inheritdoc/>
    public RequestEvent Decode(ReadOnlySpan<byte> data)
    {
        try
        {
            return JsonSerializer.Deserialize(data, s_json.RequestEvent)
                ?? throw new FormatException("A stored event is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new FormatException($"A stored event cannot be read: {e.Message}", e);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RequestEvent))]
internal sealed partial class RequestEventJson : JsonSerializerContext;
