using System.Text.Json;
using System.Text.Json.Serialization;
using Astraea.Core.Lifecycle;

namespace Astraea.Grains.Driver;

/// <summary>The picture of a request as JSON, for the live index. The golden file of the tests holds the shape.</summary>
/// <remarks>
/// Fields this version does not know are skipped, and a field added later is absent from an older row: nodes of two versions read each other's pictures
/// during a rolling upgrade. A picture is drawn anew with every append, so no shape lives longer than a live request.
/// </remarks>
public static class RequestStatusCodec
{
    /// <summary>Writes a picture.</summary>
    public static ReadOnlyMemory<byte> Encode(RequestStatus status) => JsonSerializer.SerializeToUtf8Bytes(status, RequestStatusJson.Default.RequestStatus);

    /// <summary>Reads a picture.</summary>
    /// <exception cref="FormatException">These bytes are no picture that this version knows.</exception>
    public static RequestStatus Decode(ReadOnlySpan<byte> data)
    {
        RequestStatus? status;
        try
        {
            status = JsonSerializer.Deserialize(data, RequestStatusJson.Default.RequestStatus);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new FormatException($"A stored picture cannot be read: {e.Message}", e);
        }
        if (status is null || status.Pool.Value is null || status.Tenant.Value is null || status.Category is null || status.Ended.IsDefault)
            throw new FormatException("A stored picture lacks what every picture has.");
        return status;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RequestStatus))]
internal sealed partial class RequestStatusJson : JsonSerializerContext;
