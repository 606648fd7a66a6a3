using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Client.Wire;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents;

/// <summary>What an agent shall do.</summary>
/// <param name="Messages">The conversation so far, at least one message; or what is new, when it goes on from <see cref="PreviousResponseId"/>.</param>
public sealed record AgentTask(ImmutableArray<AgentMessage> Messages)
{
    /// <summary>A task in one sentence.</summary>
    public AgentTask(string prompt) : this([AgentMessage.User(prompt)]) { }

    /// <summary>Name of the model; null takes the one that is served.</summary>
    public string? Model { get; init; }

    /// <summary>Words that stand before the conversation, in every exchange of the run.</summary>
    public string? Instructions { get; init; }

    /// <summary>Functions the model may call; the caller runs them. Hold for all exchanges of the run.</summary>
    public ImmutableArray<AgentTool> Tools { get; init; } = [];

    /// <summary>Which of them the first exchange must, may or must not call; null is the model's choice, as in all later exchanges.</summary>
    public ToolChoice? ToolChoice { get; init; }

    /// <summary>An exchange of an earlier run whose conversation goes on here; null begins a new one.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Sampled tokens at most, in each exchange (tokens); null takes the service's default.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>0 is greedy, at most 2; null takes the service's default.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus mass in (0, 1]; null takes the service's default.</summary>
    public double? TopP { get; init; }

    /// <summary>Same seed, same text; null draws one.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts that end the output of an exchange.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>What kind of agent this is, for the scheduler's predictions; null when unknown.</summary>
    public string? Category { get; init; }
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Text">What is said; may be empty beside calls.</param>
public sealed record AgentMessage(ChatRole Role, string Text)
{
    /// <summary>Calls the model made; assistant only. Each must be answered by a tool message behind it.</summary>
    public ImmutableArray<ToolCall> Calls { get; init; } = [];

    /// <summary>The call this is the result of; tool only.</summary>
    public string? CallId { get; init; }

    /// <summary>What a person, or the agent's program, says.</summary>
    public static AgentMessage User(string text) => new(ChatRole.User, text);

    /// <summary>What the model said, and called.</summary>
    public static AgentMessage Assistant(string text, ImmutableArray<ToolCall> calls = default) =>
        new(ChatRole.Assistant, text) { Calls = calls.IsDefault ? [] : calls };

    /// <summary>What a tool returned.</summary>
    public static AgentMessage Tool(string callId, string output) => new(ChatRole.Tool, output) { CallId = callId };
}

/// <summary>A function the model may call.</summary>
/// <param name="Name">Letters, digits, dashes and underscores; at most 64.</param>
/// <param name="Description">What it does, for the model; may be null.</param>
/// <param name="Parameters">JSON schema of its arguments.</param>
public sealed record AgentTool(string Name, string? Description, JsonElement Parameters);

/// <summary>What a tool returned.</summary>
/// <param name="CallId">The call this answers: <see cref="ToolCall.Id"/>.</param>
/// <param name="Output">The result, or the error, as text for the model.</param>
public sealed record AgentToolResult(string CallId, string Output);
