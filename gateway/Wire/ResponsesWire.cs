using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Astraea.Gateway.Wire;

/// <summary>A Responses object. Every key is always present: the schema of Open Responses requires all of them, null or not.</summary>
internal sealed record ResponseObject(
    string Id, string Object, long CreatedAt, long? CompletedAt, string Status, IncompleteDetails? IncompleteDetails, string Model,
    string? PreviousResponseId, string? Instructions, IReadOnlyList<OutputItem> Output, ResponseFailure? Error,
    JsonElement Tools, JsonElement ToolChoice, string Truncation, bool ParallelToolCalls, TextSettings Text,
    double TopP, double PresencePenalty, double FrequencyPenalty, int TopLogprobs, double Temperature, string? Reasoning, ResponseUsage? Usage,
    int? MaxOutputTokens, int? MaxToolCalls, bool Store, bool Background, string ServiceTier, ImmutableSortedDictionary<string, string> Metadata,
    string? SafetyIdentifier, string? PromptCacheKey);

/// <summary>Why the output is not whole: <c>max_output_tokens</c>.</summary>
internal sealed record IncompleteDetails(string Reason);

/// <summary>Why a response failed.</summary>
internal sealed record ResponseFailure(string Code, string Message);

/// <summary>Text settings; the format as it was asked for.</summary>
internal sealed record TextSettings(JsonElement Format)
{
    private static readonly JsonElement s_plain = JsonDocument.Parse("{\"type\":\"text\"}").RootElement.Clone();

    /// <summary>Settings with a format, or with plain text.</summary>
    public static TextSettings Of(JsonElement? format) => new(format ?? s_plain);
}

/// <summary>Tokens of an exchange.</summary>
internal sealed record ResponseUsage(
    int InputTokens, InputTokensDetails InputTokensDetails, int OutputTokens, OutputTokensDetails OutputTokensDetails, int TotalTokens);

/// <summary>Input tokens found in KV memory.</summary>
internal sealed record InputTokensDetails(int CachedTokens);

/// <summary>Output tokens by kind.</summary>
internal sealed record OutputTokensDetails(int ReasoningTokens);

/// <summary>One item of a Responses output.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(OutputMessage), "message")]
[JsonDerivedType(typeof(OutputFunctionCall), "function_call")]
internal abstract record OutputItem([property: JsonPropertyOrder(-2)] string Id, [property: JsonPropertyOrder(-1)] string Status);

/// <summary>Text the model said.</summary>
internal sealed record OutputMessage(string Id, string Status, string Role, IReadOnlyList<OutputText> Content) : OutputItem(Id, Status);

/// <summary>A call the model made.</summary>
internal sealed record OutputFunctionCall(string Id, string Status, string CallId, string Name, string Arguments) : OutputItem(Id, Status);

/// <summary>One part of a message.</summary>
internal sealed record OutputText(string Type, string Text, ImmutableArray<string> Annotations, ImmutableArray<string> Logprobs)
{
    public static OutputText Of(string text) => new("output_text", text, [], []);
}

/// <summary>One event of a Responses stream; the SSE event name equals <see cref="Type"/>.</summary>
internal abstract record ResponseEvent([property: JsonPropertyOrder(-2)] string Type, [property: JsonPropertyOrder(-1)] int SequenceNumber);

/// <summary>The response began, goes on, or ended.</summary>
internal sealed record ResponseLifecycleEvent(string Type, int SequenceNumber, ResponseObject Response) : ResponseEvent(Type, SequenceNumber);

/// <summary>An output item begins or is complete.</summary>
internal sealed record OutputItemEvent(string Type, int SequenceNumber, int OutputIndex, OutputItem Item) : ResponseEvent(Type, SequenceNumber);

/// <summary>A part of a message begins or is complete.</summary>
internal sealed record ContentPartEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, OutputText Part)
    : ResponseEvent(Type, SequenceNumber);

/// <summary>More text.</summary>
internal sealed record TextDeltaEvent(
    string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, string Delta, ImmutableArray<string> Logprobs)
    : ResponseEvent(Type, SequenceNumber);

/// <summary>The text of a part is complete.</summary>
internal sealed record TextDoneEvent(
    string Type, int SequenceNumber, string ItemId, int OutputIndex, int ContentIndex, string Text, ImmutableArray<string> Logprobs)
    : ResponseEvent(Type, SequenceNumber);

/// <summary>More arguments of a call.</summary>
internal sealed record ArgumentsDeltaEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, string Delta) : ResponseEvent(Type, SequenceNumber);

/// <summary>The arguments of a call are complete.</summary>
internal sealed record ArgumentsDoneEvent(string Type, int SequenceNumber, string ItemId, int OutputIndex, string Name, string Arguments)
    : ResponseEvent(Type, SequenceNumber);
