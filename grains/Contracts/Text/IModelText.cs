using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Contracts.Text;

/// <summary>The textual side of a model: tokenizer, chat template, and the way it writes tool calls. Needs no weights. Thread-safe.</summary>
public interface IModelText
{
    /// <summary>Name clients use.</summary>
    string Model { get; }

    /// <summary>Longest context the model takes (tokens).</summary>
    int ContextTokensMax { get; }

    /// <summary>Token ids that end an answer.</summary>
    ImmutableArray<int> EndTokens { get; }

    /// <summary>Renders a conversation up to the place where the model shall go on.</summary>
    /// <remarks>
    /// An assistant item with <see cref="ChatItem.OutputTokens"/> is spliced by ids at its place in the template, never re-tokenised,
    /// so the context of a continued request starts with exactly the tokens whose KV is held. Text of users and tools never becomes control tokens.
    /// </remarks>
    /// <exception cref="TextException">The template cannot render this conversation.</exception>
    RenderedPrompt Render(ChatConversation conversation);

    /// <summary>A fold of output tokens into text and tool calls; one for each segment.</summary>
    /// <param name="spec">Says whether tool calls are looked for.</param>
    IOutputReader CreateReader(SegmentSpec spec);

    /// <summary>Checks what a client asks (tools, tool choice) before it is accepted.</summary>
    /// <returns>Null when it can be served, else what is wrong.</returns>
    string? Check(SegmentSpec spec);
}

/// <summary>Who speaks in an item.</summary>
public enum ChatRole
{
    /// <summary>Instructions (OpenAI's system and developer).</summary>
    System,

    /// <summary>The person, or the agent's program.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,

    /// <summary>A tool's result.</summary>
    Tool,
}

/// <summary>One item of a conversation.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Text">What is said; empty beside tool calls.</param>
/// <param name="Calls">Calls the model made; assistant only.</param>
/// <param name="CallId">Call that this is the result of; tool only.</param>
/// <param name="Name">Function name of that call; tool only, null when unknown.</param>
/// <param name="OutputTokens">Token ids the model produced for this item, when it is our own; assistant only.</param>
public sealed record ChatItem(
    ChatRole Role, string Text, ImmutableArray<ToolCall> Calls = default, string? CallId = null, string? Name = null, ImmutableArray<int> OutputTokens = default)
{
    /// <summary>Calls, never default.</summary>
    public ImmutableArray<ToolCall> Calls { get; init; } = Calls.IsDefault ? [] : Calls;

    /// <summary>Output ids, never default; empty when the item is not our own.</summary>
    public ImmutableArray<int> OutputTokens { get; init; } = OutputTokens.IsDefault ? [] : OutputTokens;
}

/// <summary>A conversation to render.</summary>
/// <param name="Items">Items in order.</param>
/// <param name="ToolsJson">Declared tools, a JSON array in OpenAI's chat shape, or null.</param>
public sealed record ChatConversation(ImmutableArray<ChatItem> Items, string? ToolsJson);

/// <summary>A rendered conversation.</summary>
/// <param name="Tokens">Token ids of the whole context.</param>
/// <param name="ContentTokens">Of these, tokens of item texts and spliced outputs; the rest is template (tokens).</param>
public sealed record RenderedPrompt(ImmutableArray<int> Tokens, int ContentTokens);

/// <summary>Folds output tokens into text and tool calls. The same tokens give the same deltas, however they are cut into pushes.</summary>
public interface IOutputReader
{
    /// <summary>Takes the next token; appends what it makes visible.</summary>
    void Push(int token, ICollection<OutputDelta> deltas);

    /// <summary>The output has ended; appends what was held back.</summary>
    void Finish(ICollection<OutputDelta> deltas);

    /// <summary>Complete calls so far.</summary>
    ImmutableArray<ParsedCall> Calls { get; }

    /// <summary>Text outside calls so far, stop text removed.</summary>
    string Text { get; }

    /// <summary>Whether a stop text of the spec has been met: the segment ends here.</summary>
    bool Stopped { get; }
}

/// <summary>A visible piece of output.</summary>
public abstract record OutputDelta
{
    private OutputDelta() { }

    /// <summary>More text.</summary>
    public sealed record TextAdded(string Text) : OutputDelta;

    /// <summary>A call begins.</summary>
    /// <param name="Index">Ordinal of the call in its segment.</param>
    /// <param name="Name">Function name.</param>
    public sealed record CallStarted(int Index, string Name) : OutputDelta;

    /// <summary>More of a call's arguments.</summary>
    public sealed record ArgumentsAdded(int Index, string Text) : OutputDelta;

    /// <summary>The call is complete.</summary>
    public sealed record CallEnded(int Index) : OutputDelta;
}

/// <summary>A conversation, template or tokenizer file that cannot be handled; the message names the place.</summary>
public sealed class TextException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public TextException(string message) : base(message) { }

    /// <summary>Says what is wrong, and why.</summary>
    public TextException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public TextException() { }
}
