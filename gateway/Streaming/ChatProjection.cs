using System.Text;
using System.Text.Json;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Streaming;

/// <summary>Projects the steps of an exchange onto one choice of a chat completion: chunks as they come, or the whole at the end.</summary>
/// <param name="id">The exchange that names the completion: that of its first choice.</param>
/// <param name="index">Which choice this is.</param>
/// <param name="includesUsage">Whether chunks have room for the usage.</param>
internal sealed class ChatProjection(ExchangeId id, int index, bool includesUsage)
{
    private readonly StringBuilder _text = new();
    private readonly List<(string Id, string Name, StringBuilder Arguments)> _calls = [];
    private string _model = "";
    private long _created;
    private ExchangeStep.Ended? _ended;

    /// <summary>Why there is no completion, once the request failed or was cancelled.</summary>
    public ApiError? Error { get; private set; }

    /// <summary>Takes the next step; appends the chunks it makes.</summary>
    public void Apply(ExchangeStep step, ICollection<ChatChunk> chunks)
    {
        switch (step)
        {
            case ExchangeStep.Accepted accepted:
                _model = accepted.Model;
                _created = accepted.At.ToDateTimeOffset().ToUnixTimeSeconds();
                chunks.Add(Chunk(new ChatDelta(Role: "assistant", Content: "")));
                break;
            case ExchangeStep.TextAdded added:
                _text.Append(added.Text);
                chunks.Add(Chunk(new ChatDelta(Content: added.Text)));
                break;
            case ExchangeStep.CallStarted call:
                _calls.Add((call.CallId, call.Name, new StringBuilder()));
                chunks.Add(Chunk(new ChatDelta(ToolCalls: [new ChatToolCallDelta(call.Index, call.CallId, "function", new ChatFunctionDelta(call.Name, ""))])));
                break;
            case ExchangeStep.ArgumentsAdded more:
                _calls[more.Index].Arguments.Append(more.Text);
                chunks.Add(Chunk(new ChatDelta(ToolCalls: [new ChatToolCallDelta(more.Index, null, null, new ChatFunctionDelta(null, more.Text))])));
                break;
            case ExchangeStep.Ended ended:
                _ended = ended;
                chunks.Add(Chunk(new ChatDelta(), Reason(ended.Finish)));
                break;
            case ExchangeStep.Failed or ExchangeStep.Cancelled:
                Error = ExchangeErrors.Of(step);
                break;
        }
    }

    /// <summary>The completion as a whole, once the exchanges of all choices have ended.</summary>
    public static ChatCompletion Completion(IReadOnlyList<ChatProjection> choices) =>
        new(choices[0].Id.ChatCompletion, "chat.completion", choices[0]._created, choices[0]._model, [.. choices.Select(choice => choice.Choice())], Usage(choices));

    /// <summary>The last chunk of a stream that includes the usage.</summary>
    public static ChatChunk UsageChunk(IReadOnlyList<ChatProjection> choices) =>
        new ChatChunkWithUsage(choices[0].Id.ChatCompletion, ChunkObject, choices[0]._created, choices[0]._model, [], Usage(choices));

    private ExchangeId Id => id;

    private ExchangeStep.Ended End => _ended ?? throw new InvalidOperationException("The exchange has not ended.");

    private ChatChoice Choice()
    {
        List<ChatToolCall>? calls = _calls.Count == 0 ? null
            : [.. _calls.Select(c => new ChatToolCall(c.Id, "function", new ChatFunction(c.Name, c.Arguments.ToString())))];
        string? content = calls is not null && _text.Length == 0 ? null : _text.ToString();
        ChatMessage message = new("assistant", content, null, calls);
        return new ChatChoice(index, message, null, Reason(End.Finish));
    }

    /// <summary>Writes a chunk as the wire has it.</summary>
    public static byte[] Serialize(ChatChunk chunk) => JsonSerializer.SerializeToUtf8Bytes(chunk, chunk.GetType(), WireJson.Wire);

    private const string ChunkObject = "chat.completion.chunk";

    private ChatChunk Chunk(ChatDelta delta, string? reason = null)
    {
        ChatChunkChoice choice = new(index, delta, null, reason);
        return includesUsage
            ? new ChatChunkWithUsage(id.ChatCompletion, ChunkObject, _created, _model, [choice], null)
            : new ChatChunk(id.ChatCompletion, ChunkObject, _created, _model, [choice]);
    }

    /// <summary>The prompt counts once, whatever the number of choices.</summary>
    private static ChatUsage Usage(IReadOnlyList<ChatProjection> choices)
    {
        TokenCounts first = choices[0].End.Tokens;
        int output = choices.Sum(choice => choice.End.Tokens.Output);
        return new ChatUsage(first.Prompt, output, first.Prompt + output, new PromptTokensDetails(first.Cached), new CompletionTokensDetails(0));
    }

    private static string Reason(FinishReason finish) => finish switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => throw new ArgumentOutOfRangeException(nameof(finish), finish, "No such finish."),
    };
}

/// <summary>How an exchange that did not end well is told to a client.</summary>
internal static class ExchangeErrors
{
    public static ApiError Of(ExchangeStep step) => step switch
    {
        // The work is lost with the request; sending it again is the client's decision, not a habit of its library.
        ExchangeStep.Failed failed => new ApiError(StatusCodes.Status500InternalServerError, failed.Message, failed.Code, ShouldRetry: false),
        ExchangeStep.Cancelled cancelled => ApiError.Conflict($"The request was cancelled: {cancelled.Reason}.", "request_cancelled", shouldRetry: false),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not an end in error."),
    };
}
