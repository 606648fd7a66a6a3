using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Gateway.Wire;

/// <summary>Everything the gateway writes as JSON: snake_case, nulls written unless a property says otherwise.</summary>
/// <remarks>Nulls are kept by default because OpenAI's schemas require keys such as <c>finish_reason</c> to be there before they have a value.</remarks>
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ResponseErrorEvent))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(ChatChunkWithUsage))]
[JsonSerializable(typeof(ResponseObject))]
[JsonSerializable(typeof(ResponseLifecycleEvent))]
[JsonSerializable(typeof(OutputItemEvent))]
[JsonSerializable(typeof(ContentPartEvent))]
[JsonSerializable(typeof(TextDeltaEvent))]
[JsonSerializable(typeof(TextDoneEvent))]
[JsonSerializable(typeof(ArgumentsDeltaEvent))]
[JsonSerializable(typeof(ArgumentsDoneEvent))]
[JsonSerializable(typeof(StoredExchange))]
[JsonSerializable(typeof(JsonArray))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelObject))]
[JsonSerializable(typeof(NativeRequest))]
[JsonSerializable(typeof(NativeCancelled))]
[JsonSerializable(typeof(HealthStatus))]
[JsonSerializable(typeof(ClusterView))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>Escapes what JSON demands and nothing more: wire text is never put into HTML.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The context with the options of the wire.</summary>
    public static WireJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = Encoder,
        // A score may be infinite; the cluster view must print even then.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters =
        {
            new JsonStringEnumConverter<Surface>(JsonNamingPolicy.SnakeCaseLower),
            new JsonStringEnumConverter<Contracts.Text.ChatRole>(JsonNamingPolicy.SnakeCaseLower),
            new JsonStringEnumConverter<RequestPhase>(JsonNamingPolicy.SnakeCaseLower),
            new JsonStringEnumConverter<FinishReason>(JsonNamingPolicy.SnakeCaseLower),
            new JsonStringEnumConverter<KvDecision>(JsonNamingPolicy.SnakeCaseLower),
        },
    });
}
