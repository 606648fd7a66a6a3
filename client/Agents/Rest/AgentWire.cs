using System.Collections.Immutable;
using Astraea.Client.Wire;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents.Rest;

/// <summary>Tasks and updates as the Responses surface has them. Pure.</summary>
internal static class AgentWire
{
    /// <summary>The POST that begins a run.</summary>
    public static ResponseRequest First(AgentTask task, string model) => Settings(task, model, [.. task.Messages.SelectMany(Items)]) with
    {
        PreviousResponseId = task.PreviousResponseId,
        ToolChoice = task.ToolChoice,
    };

    /// <summary>The POST that brings tool results.</summary>
    public static ResponseRequest Next(AgentTask task, string previous, ImmutableArray<AgentToolResult> results) =>
        Settings(task, task.Model!, [.. results.Select(r => ResponseInput.ToolResult(r.CallId, r.Output))]) with { PreviousResponseId = previous };

    /// <summary>What an event tells the reader of a run; null when nothing new.</summary>
    public static AgentUpdate? Update(ResponseEvent happened) => happened switch
    {
        { Type: "response.output_text.delta", Delta: { Length: > 0 } text } => new AgentUpdate.TextAdded(text, happened.SequenceNumber),
        { Type: "response.output_item.done", Item: { Type: "function_call" } item } => new AgentUpdate.ToolCalled(Call(item), happened.SequenceNumber),
        { Type: "response.completed" or "response.incomplete" or "response.failed", Response: { } response } => Finished(response, happened.SequenceNumber),
        _ => null,
    };

    private static AgentUpdate.Finished Finished(Response response, int position)
    {
        ImmutableArray<ToolCall> calls = [.. response.Calls.Select(Call)];
        AgentUsage? usage = response.Usage is { } u ? new AgentUsage(u.InputTokens, u.InputTokensDetails?.CachedTokens ?? 0, u.OutputTokens) : null;
        AgentOutcome outcome = response.Status switch
        {
            "completed" => calls.IsEmpty ? AgentOutcome.Answered : AgentOutcome.CalledTools,
            "incomplete" => AgentOutcome.CutOff,
            "cancelled" => AgentOutcome.Cancelled,
            _ => AgentOutcome.Failed,
        };
        AgentError? error = outcome switch
        {
            AgentOutcome.Cancelled => new AgentError("request_cancelled", "The request was cancelled."),
            AgentOutcome.Failed => new AgentError(response.Error?.Code, response.Error?.Message ?? "The request failed."),
            _ => null,
        };
        return new AgentUpdate.Finished(outcome, response.Text, calls, usage, error, position);
    }

    private static ToolCall Call(ResponseItem item) => new(item.CallId ?? "", item.Name ?? "", item.Arguments ?? "");

    private static ResponseRequest Settings(AgentTask task, string model, ImmutableArray<ResponseInput> input) => new(model, input)
    {
        Background = true,
        Instructions = task.Instructions,
        Tools = task.Tools.IsDefaultOrEmpty ? null : [.. task.Tools.Select(t => new ResponseTool(t.Name, t.Description, t.Parameters))],
        MaxOutputTokens = task.MaxOutputTokens,
        Temperature = task.Temperature,
        TopP = task.TopP,
        Seed = task.Seed,
        Stop = task.Stop.IsDefaultOrEmpty ? null : task.Stop,
        Metadata = task.Category is { } category ? ImmutableDictionary<string, string>.Empty.Add("category", category) : null,
    };

    private static IEnumerable<ResponseInput> Items(AgentMessage message)
    {
        if (message.Role == ChatRole.Tool)
        {
            yield return ResponseInput.ToolResult(message.CallId ?? throw new ArgumentException("A tool message names its call."), message.Text);
            yield break;
        }
        if (message.Text.Length > 0 || message.Calls.IsDefaultOrEmpty)
            yield return new ResponseInput("message") { Role = RoleOf(message.Role), Content = message.Text };
        foreach (ToolCall call in message.Calls.IsDefault ? [] : message.Calls)
            yield return new ResponseInput("function_call") { CallId = call.Id, Name = call.Name, Arguments = call.Arguments };
    }

    private static string RoleOf(ChatRole role) => role switch
    {
        ChatRole.System => "system",
        ChatRole.User => "user",
        ChatRole.Assistant => "assistant",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role of a message."),
    };
}
