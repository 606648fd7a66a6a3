using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Astraea.Client.Wire;

/// <summary>A call of <c>POST /v1/chat/completions</c>. What is null is not sent.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Messages">The conversation so far.</param>
public sealed record ChatRequest(string Model, ImmutableArray<ChatMessage> Messages)
{
    /// <summary>Functions the model may call.</summary>
    public ImmutableArray<ChatTool>? Tools { get; init; }

    /// <summary>Which of them must, may or must not be called.</summary>
    public ToolChoice? ToolChoice { get; init; }

    /// <summary>Sampled tokens at most (tokens).</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Sampled tokens at least (tokens).</summary>
    public int? MinTokens { get; init; }

    /// <summary>Whether the end token is a token like any other.</summary>
    public bool? IgnoreEos { get; init; }

    /// <summary>0 is greedy, at most 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus mass in (0, 1].</summary>
    public double? TopP { get; init; }

    /// <summary>Same seed, same text.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts that end the output.</summary>
    public ImmutableArray<string>? Stop { get; init; }

    /// <summary>Names and values of the caller's own; <c>category</c> tells the scheduler what kind of agent this is.</summary>
    public ImmutableDictionary<string, string>? Metadata { get; init; }

    /// <summary>Set by the client.</summary>
    [JsonInclude]
    internal bool? Stream { get; init; }

    /// <summary>Set by the client.</summary>
    [JsonInclude]
    internal ChatStreamOptions? StreamOptions { get; init; }
}

/// <summary>What a stream shall carry beside text.</summary>
internal sealed record ChatStreamOptions(bool IncludeUsage);

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">What is said; null beside tool calls.</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>Calls the model made; assistant only. Echo them unchanged to continue the same agent request.</summary>
    public ImmutableArray<ChatToolCall>? ToolCalls { get; init; }

    /// <summary>The call this is the result of; tool only.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>What a person, or the agent's program, says.</summary>
    public static ChatMessage User(string content) => new("user", content);

    /// <summary>Instructions.</summary>
    public static ChatMessage System(string content) => new("system", content);

    /// <summary>The result of a tool call.</summary>
    public static ChatMessage ToolResult(string callId, string content) => new("tool", content) { ToolCallId = callId };
}

/// <summary>A call the model made.</summary>
/// <param name="Id">Identifies the loop when it is echoed.</param>
/// <param name="Function">What is called.</param>
public sealed record ChatToolCall(string Id, ChatFunctionCall Function)
{
    /// <summary>Always <c>function</c>.</summary>
    public string Type { get; init; } = "function";
}

/// <summary>Name and arguments of a call.</summary>
/// <param name="Name">Function name.</param>
/// <param name="Arguments">JSON text.</param>
public sealed record ChatFunctionCall(string Name, string Arguments);

/// <summary>A function the model may call.</summary>
/// <param name="Function">Its declaration.</param>
public sealed record ChatTool(ChatFunction Function)
{
    /// <summary>Always <c>function</c>.</summary>
    public string Type { get; init; } = "function";
}

/// <summary>Declaration of a function.</summary>
/// <param name="Name">Letters, digits, dashes and underscores; at most 64.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">JSON schema of its arguments.</param>
public sealed record ChatFunction(string Name, string? Description, JsonElement Parameters);

/// <summary>Which function must, may or must not be called.</summary>
[JsonConverter(typeof(ToolChoiceJson))]
public sealed record ToolChoice
{
    private ToolChoice(string mode, string? name)
    {
        Mode = mode;
        Name = name;
    }

    /// <summary><c>none</c>, <c>auto</c>, <c>required</c> or <c>function</c>.</summary>
    public string Mode { get; }

    /// <summary>The function, when one is named.</summary>
    public string? Name { get; }

    /// <summary>Plain text only.</summary>
    public static ToolChoice None { get; } = new("none", null);

    /// <summary>The model chooses.</summary>
    public static ToolChoice Auto { get; } = new("auto", null);

    /// <summary>Some function must be called.</summary>
    public static ToolChoice Required { get; } = new("required", null);

    /// <summary>This function must be called.</summary>
    public static ToolChoice Function(string name) => new("function", name);
}

/// <summary>A string, or an object that names a function.</summary>
internal sealed class ToolChoiceJson : JsonConverter<ToolChoice>
{
    public override ToolChoice Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        JsonElement choice = document.RootElement;
        if (choice.ValueKind == JsonValueKind.Object)
            return ToolChoice.Function(choice.GetProperty("function").GetProperty("name").GetString() ?? throw new JsonException("A function has a name."));
        return choice.GetString() switch
        {
            "none" => ToolChoice.None,
            "auto" => ToolChoice.Auto,
            "required" => ToolChoice.Required,
            string other => throw new JsonException($"Unknown tool choice '{other}'."),
            null => throw new JsonException("A tool choice is a string or an object."),
        };
    }

    public override void Write(Utf8JsonWriter writer, ToolChoice value, JsonSerializerOptions options)
    {
        if (value.Name is null)
        {
            writer.WriteStringValue(value.Mode);
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", value.Name);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}

/// <summary>The answer of <c>POST /v1/chat/completions</c>.</summary>
/// <param name="Id">Names the exchange.</param>
/// <param name="Model">Who answered.</param>
/// <param name="Choices">Answers; one unless more were asked for.</param>
/// <param name="Usage">Tokens used.</param>
public sealed record ChatCompletion(string Id, string Model, ImmutableArray<ChatChoice> Choices, ChatUsage Usage)
{
    /// <summary>The agent request this exchange belongs to, from <c>x-astraea-request-id</c>; null from other servers.</summary>
    [JsonIgnore]
    public string? AgentRequest { get; init; }

    /// <summary>The first answer.</summary>
    [JsonIgnore]
    public ChatMessage Message => Choices[0].Message;
}

/// <summary>One answer.</summary>
/// <param name="Index">Its ordinal.</param>
/// <param name="Message">What the model says or calls.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c> or <c>tool_calls</c>.</param>
public sealed record ChatChoice(int Index, ChatMessage Message, string? FinishReason);

/// <summary>Tokens used by an exchange.</summary>
/// <param name="PromptTokens">Input, template included (tokens).</param>
/// <param name="CompletionTokens">Output (tokens).</param>
/// <param name="TotalTokens">Both (tokens).</param>
public sealed record ChatUsage(int PromptTokens, int CompletionTokens, int TotalTokens)
{
    /// <summary>What the input consists of.</summary>
    public ChatPromptDetails? PromptTokensDetails { get; init; }
}

/// <summary>What the input consists of.</summary>
/// <param name="CachedTokens">Found in KV memory, not computed (tokens).</param>
public sealed record ChatPromptDetails(int CachedTokens);

/// <summary>A piece of a streamed answer.</summary>
/// <param name="Id">Names the exchange.</param>
/// <param name="Choices">What is added; empty in the piece that carries usage.</param>
/// <param name="Usage">Tokens used; in the last piece only.</param>
public sealed record ChatChunk(string Id, ImmutableArray<ChatChunkChoice> Choices, ChatUsage? Usage)
{
    /// <summary>The agent request, from the answer's header; null from other servers.</summary>
    [JsonIgnore]
    public string? AgentRequest { get; init; }

    /// <summary>Text this piece adds to the first answer; empty when none.</summary>
    [JsonIgnore]
    public string Text => Choices.IsDefaultOrEmpty ? "" : Choices[0].Delta.Content ?? "";
}

/// <summary>What a piece adds to one answer.</summary>
/// <param name="Index">Ordinal of the answer.</param>
/// <param name="Delta">What is added.</param>
/// <param name="FinishReason">Why it ended; in its last piece only.</param>
public sealed record ChatChunkChoice(int Index, ChatDelta Delta, string? FinishReason);

/// <summary>Added role, text or calls.</summary>
/// <param name="Role">In the first piece.</param>
/// <param name="Content">More text.</param>
/// <param name="ToolCalls">More of calls.</param>
public sealed record ChatDelta(string? Role, string? Content, ImmutableArray<ChatToolCallDelta>? ToolCalls);

/// <summary>More of a call.</summary>
/// <param name="Index">Ordinal of the call.</param>
/// <param name="Id">In its first piece.</param>
/// <param name="Function">More of its name and arguments.</param>
public sealed record ChatToolCallDelta(int Index, string? Id, ChatFunctionDelta? Function);

/// <summary>More of a call's name or arguments.</summary>
public sealed record ChatFunctionDelta(string? Name, string? Arguments);
