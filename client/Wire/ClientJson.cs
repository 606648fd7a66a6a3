using System.Text.Json;
using System.Text.Json.Serialization;
using Astraea.Client.Agents;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Client.Wire;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(LooseEnumJson<RequestPhase>), typeof(LooseEnumJson<KvDecision>), typeof(LooseEnumJson<FinishReason>)])]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(ResponseRequest))]
[JsonSerializable(typeof(Response))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(AgentRequestReport))]
[JsonSerializable(typeof(AgentHistory))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ErrorDetail))]
internal sealed partial class ClientJson : JsonSerializerContext;

/// <summary>Reads an enum however it is spelled: <c>tool_wait</c>, <c>ToolWait</c>, <c>toolWait</c>, or its number.</summary>
/// <remarks>A client should not fail on the spelling of a word that it only shows.</remarks>
internal sealed class LooseEnumJson<T> : JsonConverter<T> where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
            return (T)Enum.ToObject(typeof(T), reader.GetInt32());
        string text = reader.GetString() ?? throw new JsonException($"A {typeof(T).Name} is not null.");
        return Enum.TryParse(text.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out T value)
            ? value
            : throw new JsonException($"'{text}' is no {typeof(T).Name}.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
}
