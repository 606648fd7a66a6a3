using System.Text.Json.Serialization;

namespace Astraea.Gateway.Wire;

/// <summary>A whole chat completion.</summary>
internal sealed record ChatCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices, ChatUsage Usage);

/// <summary>One choice of a chat completion.</summary>
internal sealed record ChatChoice(int Index, ChatMessage Message, string? Logprobs, string FinishReason);

/// <summary>What the model said. <see cref="Content"/> is null beside calls when there is no text.</summary>
internal sealed record ChatMessage(
    string Role, string? Content, string? Refusal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatToolCall>? ToolCalls);

/// <summary>A call the model made.</summary>
internal sealed record ChatToolCall(string Id, string Type, ChatFunction Function);

/// <summary>The function called.</summary>
internal sealed record ChatFunction(string Name, string Arguments);

/// <summary>One event of a streamed chat completion.</summary>
internal record ChatChunk(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices);

/// <summary>A chunk of a stream that was asked for usage: null on every chunk but the last.</summary>
internal sealed record ChatChunkWithUsage(
    string Id, string Object, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices, [property: JsonPropertyOrder(1)] ChatUsage? Usage) : ChatChunk(Id, Object, Created, Model, Choices);

/// <summary>What a chunk adds. The finish reason is null, and present, until the end.</summary>
internal sealed record ChatChunkChoice(int Index, ChatDelta Delta, string? Logprobs, string? FinishReason);

/// <summary>More of the message.</summary>
internal sealed record ChatDelta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatToolCallDelta>? ToolCalls = null);

/// <summary>A call that begins (id, type, name) or more of its arguments.</summary>
internal sealed record ChatToolCallDelta(
    int Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Type,
    ChatFunctionDelta Function);

/// <summary>Name, at the beginning, and a piece of the arguments.</summary>
internal sealed record ChatFunctionDelta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Arguments);

/// <summary>Tokens of an exchange.</summary>
internal sealed record ChatUsage(
    int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails CompletionTokensDetails);

/// <summary>Input tokens found in KV memory.</summary>
internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>Output tokens by kind.</summary>
internal sealed record CompletionTokensDetails(int ReasoningTokens);
