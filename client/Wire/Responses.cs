using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Astraea.Client.Wire;

/// <summary>A call of <c>POST /v1/responses</c>. What is null is not sent.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Input">Items this exchange adds.</param>
public sealed record ResponseRequest(string Model, ImmutableArray<ResponseInput> Input)
{
    /// <summary>The response this one goes on from.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Instructions for this exchange only.</summary>
    public string? Instructions { get; init; }

    /// <summary>Functions the model may call.</summary>
    public ImmutableArray<ResponseTool>? Tools { get; init; }

    /// <summary>Which of them must, may or must not be called.</summary>
    [JsonConverter(typeof(ResponseToolChoiceJson))]
    public ToolChoice? ToolChoice { get; init; }

    /// <summary>Sampled tokens at most (tokens).</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Sampled tokens at least (tokens).</summary>
    public int? MinTokens { get; init; }

    /// <summary>Whether the end token is a token like any other.</summary>
    public bool? IgnoreEos { get; init; }

    /// <summary>0 is greedy, at most 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>Same seed, same text.</summary>
    public long? Seed { get; init; }

    /// <summary>Nucleus mass in (0, 1].</summary>
    public double? TopP { get; init; }

    /// <summary>Texts that end the output.</summary>
    public ImmutableArray<string>? Stop { get; init; }

    /// <summary>Whether the work goes on when nobody reads.</summary>
    public bool? Background { get; init; }

    /// <summary>Names and values of the caller's own.</summary>
    public ImmutableDictionary<string, string>? Metadata { get; init; }

    /// <summary>Set by the client.</summary>
    [JsonInclude]
    internal bool? Stream { get; init; }
}

/// <summary>An item of input.</summary>
/// <param name="Type"><c>message</c>, <c>function_call</c> or <c>function_call_output</c>.</param>
public sealed record ResponseInput(string Type)
{
    /// <summary>Who speaks; messages only.</summary>
    public string? Role { get; init; }

    /// <summary>What is said; messages only.</summary>
    public string? Content { get; init; }

    /// <summary>The call made or answered; calls and tool results only.</summary>
    public string? CallId { get; init; }

    /// <summary>Function name; calls only.</summary>
    public string? Name { get; init; }

    /// <summary>JSON text; calls only.</summary>
    public string? Arguments { get; init; }

    /// <summary>What the tool returned; tool results only.</summary>
    public string? Output { get; init; }

    /// <summary>What a person, or the agent's program, says.</summary>
    public static ResponseInput User(string content) => new("message") { Role = "user", Content = content };

    /// <summary>The result of a tool call.</summary>
    public static ResponseInput ToolResult(string callId, string output) => new("function_call_output") { CallId = callId, Output = output };
}

/// <summary>A function the model may call; this surface has it flat.</summary>
/// <param name="Name">Letters, digits, dashes and underscores; at most 64.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">JSON schema of its arguments.</param>
public sealed record ResponseTool(string Name, string? Description, JsonElement Parameters)
{
    /// <summary>Always <c>function</c>.</summary>
    public string Type { get; init; } = "function";
}

/// <summary>A string, or an object that names a function; this surface has it flat.</summary>
internal sealed class ResponseToolChoiceJson : JsonConverter<ToolChoice>
{
    public override ToolChoice Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("A tool choice is only sent.");

    public override void Write(Utf8JsonWriter writer, ToolChoice value, JsonSerializerOptions options)
    {
        if (value.Name is null)
        {
            writer.WriteStringValue(value.Mode);
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteString("name", value.Name);
        writer.WriteEndObject();
    }
}

/// <summary>A response.</summary>
/// <param name="Id">Name it to go on from here, or to read it again.</param>
/// <param name="Status"><c>queued</c>, <c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Model">Who answers.</param>
/// <param name="Output">What came out so far.</param>
/// <param name="Usage">Tokens used; null while it runs.</param>
public sealed record Response(string Id, string Status, string Model, ImmutableArray<ResponseItem> Output, ResponseUsage? Usage)
{
    /// <summary>What went wrong, when it failed.</summary>
    public ResponseError? Error { get; init; }

    /// <summary>The response it goes on from.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>The agent request, from <c>x-astraea-request-id</c>; null from other servers.</summary>
    [JsonIgnore]
    public string? AgentRequest { get; init; }

    /// <summary>All text of all messages.</summary>
    [JsonIgnore]
    public string Text => string.Concat(Output.Where(static i => i.Content is not null).SelectMany(static i => i.Content!.Value).Select(static c => c.Text));

    /// <summary>The calls to be answered.</summary>
    [JsonIgnore]
    public IEnumerable<ResponseItem> Calls => Output.Where(static i => i.Type == "function_call");
}

/// <summary>An item of output: a message or a function call.</summary>
/// <param name="Type"><c>message</c> or <c>function_call</c>.</param>
/// <param name="Id">Name of the item.</param>
public sealed record ResponseItem(string Type, string? Id)
{
    /// <summary>Who speaks; messages only.</summary>
    public string? Role { get; init; }

    /// <summary>What is said; messages only.</summary>
    public ImmutableArray<ResponseContent>? Content { get; init; }

    /// <summary>Identifies the call; calls only.</summary>
    public string? CallId { get; init; }

    /// <summary>Function name; calls only.</summary>
    public string? Name { get; init; }

    /// <summary>JSON text; calls only.</summary>
    public string? Arguments { get; init; }
}

/// <summary>A piece of a message.</summary>
public sealed record ResponseContent(string Type, string? Text);

/// <summary>Why a response failed.</summary>
public sealed record ResponseError(string? Code, string Message);

/// <summary>Tokens used.</summary>
/// <param name="InputTokens">Input, template included (tokens).</param>
/// <param name="OutputTokens">Output (tokens).</param>
/// <param name="TotalTokens">Both (tokens).</param>
public sealed record ResponseUsage(int InputTokens, int OutputTokens, int TotalTokens)
{
    /// <summary>What the input consists of.</summary>
    public ResponseInputDetails? InputTokensDetails { get; init; }
}

/// <summary>What the input consists of.</summary>
/// <param name="CachedTokens">Found in KV memory, not computed (tokens).</param>
public sealed record ResponseInputDetails(int CachedTokens);

/// <summary>An event of a streamed response.</summary>
/// <param name="Type">Such as <c>response.output_text.delta</c>.</param>
/// <param name="SequenceNumber">From 0, without gaps.</param>
public sealed record ResponseEvent(string Type, int SequenceNumber)
{
    /// <summary>More text or arguments; in delta events only.</summary>
    public string? Delta { get; init; }

    /// <summary>The response as it stands; in lifecycle events only.</summary>
    public Response? Response { get; init; }

    /// <summary>The item concerned; when one begins or ends.</summary>
    public ResponseItem? Item { get; init; }
}
