using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Client.Agents;
using Astraea.Client.Wire;
using Astraea.Core.Lifecycle;
using Microsoft.Extensions.AI;
using AIMessage = Microsoft.Extensions.AI.ChatMessage;
using AIRole = Microsoft.Extensions.AI.ChatRole;

namespace Astraea.Client.ExtensionsAI;

/// <summary>Messages, options and updates of Microsoft.Extensions.AI in our words, and back. Pure.</summary>
internal static class ChatMapping
{
    /// <summary>A conversation in our words.</summary>
    /// <exception cref="NotSupportedException">A content is no text, tool call or tool result.</exception>
    public static ImmutableArray<AgentMessage> Messages(IEnumerable<AIMessage> messages) => [.. messages.SelectMany(Messages)];

    /// <summary>What is asked, with the options of one call.</summary>
    public static AgentTask Task(ImmutableArray<AgentMessage> messages, ChatOptions? options, string? model) => new(messages)
    {
        Model = options?.ModelId ?? model,
        Instructions = options?.Instructions,
        PreviousResponseId = options?.ConversationId,
        Tools = [.. (options?.Tools ?? []).Select(Tool)],
        ToolChoice = Choice(options),
        MaxOutputTokens = options?.MaxOutputTokens,
        Temperature = options?.Temperature,
        TopP = options?.TopP,
        Seed = options?.Seed,
        Stop = [.. options?.StopSequences ?? []],
    };

    /// <summary>What an update carries for the reader of a chat.</summary>
    public static IList<AIContent> Contents(AgentUpdate update) => update switch
    {
        AgentUpdate.TextAdded added => [new TextContent(added.Text)],
        AgentUpdate.ToolCalled { Call: { } call } => [FunctionCallContent.CreateFromParsedArguments(call.Arguments, call.Id, call.Name, Arguments)],
        AgentUpdate.Finished { Usage: { } usage } => [new UsageContent(new UsageDetails
        {
            InputTokenCount = usage.InputTokens,
            CachedInputTokenCount = usage.CachedTokens,
            OutputTokenCount = usage.OutputTokens,
            TotalTokenCount = usage.InputTokens + usage.OutputTokens,
        })],
        _ => [],
    };

    /// <summary>Why an exchange ended.</summary>
    public static ChatFinishReason? Reason(AgentOutcome outcome) => outcome switch
    {
        AgentOutcome.Answered => ChatFinishReason.Stop,
        AgentOutcome.CalledTools => ChatFinishReason.ToolCalls,
        AgentOutcome.CutOff => ChatFinishReason.Length,
        _ => null,
    };

    private static IEnumerable<AgentMessage> Messages(AIMessage message)
    {
        string text = "";
        List<ToolCall> calls = [];
        List<AgentMessage> results = [];
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent said:
                    text += said.Text;
                    break;
                case FunctionCallContent call:
                    calls.Add(new ToolCall(call.CallId, call.Name, JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions)));
                    break;
                case FunctionResultContent result:
                    results.Add(AgentMessage.Tool(result.CallId, Output(result)));
                    break;
                case TextReasoningContent or UsageContent:
                    break;
                default:
                    throw new NotSupportedException($"This service takes text and tool calls; {content.GetType().Name} is neither.");
            }
        }
        foreach (AgentMessage result in results)
            yield return result;
        if (text.Length > 0 || calls.Count > 0)
            yield return new AgentMessage(RoleOf(message.Role), text) { Calls = [.. calls] };
    }

    private static Contracts.Text.ChatRole RoleOf(AIRole role) =>
        role == AIRole.System ? Contracts.Text.ChatRole.System
        : role == AIRole.Assistant ? Contracts.Text.ChatRole.Assistant
        : role == AIRole.User ? Contracts.Text.ChatRole.User
        : throw new NotSupportedException($"A message of role '{role}' holds text.");

    private static string Output(FunctionResultContent result) => result.Result switch
    {
        null => result.Exception is { } failure ? $"Error: {failure.Message}" : "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        { } value => JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions),
    };

    private static AgentTool Tool(AITool tool) => tool is AIFunctionDeclaration function
        ? new AgentTool(function.Name, function.Description is { Length: > 0 } words ? words : null, function.JsonSchema)
        : throw new NotSupportedException($"The tool '{tool.Name}' is no function.");

    private static ToolChoice? Choice(ChatOptions? options) => options?.ToolMode switch
    {
        NoneChatToolMode => ToolChoice.None,
        RequiredChatToolMode { RequiredFunctionName: { } name } => ToolChoice.Function(name),
        RequiredChatToolMode => ToolChoice.Required,
        _ => null,
    };

    private static Dictionary<string, object?>? Arguments(string json) =>
        JsonSerializer.Deserialize<Dictionary<string, object?>>(json, AIJsonUtilities.DefaultOptions);
}
