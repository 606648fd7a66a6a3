using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Client.Agents;
using Astraea.Contracts.FrontDoor;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Orleans;

/// <summary>Turns what a program says into records of the front door, and back. Checks nothing: that is the front door's.</summary>
internal static class FrontDoorRecords
{
    public static ImmutableArray<FrontDoorMessage> Messages(AgentTask task) =>
        [.. Filled(task.Messages).Select(m => new FrontDoorMessage(m.Role, m.Text, Filled(m.Calls), m.CallId))];

    /// <summary>Settings of the first exchange.</summary>
    public static FrontDoorSettings FirstSettings(AgentTask task) => LaterSettings(task) with
    {
        ToolMode = task.ToolChoice switch
        {
            null => null,
            { Name: not null } => ToolMode.Named,
            { Mode: "none" } => ToolMode.None,
            { Mode: "required" } => ToolMode.Required,
            _ => ToolMode.Auto,
        },
        ToolName = task.ToolChoice?.Name,
    };

    /// <summary>Settings of the exchanges behind it: which tool is called is the model's choice there.</summary>
    public static FrontDoorSettings LaterSettings(AgentTask task) => new(
        task.Model, task.Instructions, [.. Filled(task.Tools).Select(Tool)], null, null, task.MaxOutputTokens, task.Temperature, task.TopP, task.Seed,
        Filled(task.Stop), task.Category);

    public static AgentUpdate Update(FrontDoorUpdate update) => update switch
    {
        FrontDoorUpdate.TextAdded added => new AgentUpdate.TextAdded(added.Text, added.Position),
        FrontDoorUpdate.ToolCalled called => new AgentUpdate.ToolCalled(called.Call, called.Position),
        FrontDoorUpdate.Finished finished => Finished(finished),
        _ => throw new AstraeaException($"The front door told of a {update.GetType().Name}."),
    };

    private static AgentUpdate.Finished Finished(FrontDoorUpdate.Finished finished)
    {
        AgentOutcome outcome = finished.End switch
        {
            ExchangeEnd.Answered => AgentOutcome.Answered,
            ExchangeEnd.CalledTools => AgentOutcome.CalledTools,
            ExchangeEnd.CutOff => AgentOutcome.CutOff,
            ExchangeEnd.Failed => AgentOutcome.Failed,
            ExchangeEnd.Cancelled => AgentOutcome.Cancelled,
            _ => throw new AstraeaException($"The front door told of an end {finished.End}."),
        };
        bool whole = outcome is not (AgentOutcome.Failed or AgentOutcome.Cancelled);
        return new AgentUpdate.Finished(
            outcome, finished.Text, Filled(finished.Calls),
            whole ? new AgentUsage(finished.PromptTokens, finished.CachedTokens, finished.OutputTokens) : null,
            whole ? null : new AgentError(finished.ErrorCode, finished.Error ?? ""), finished.Position);
    }

    private static FrontDoorTool Tool(AgentTool tool) =>
        new(tool.Name, tool.Description, tool.Parameters.ValueKind == JsonValueKind.Undefined ? null : tool.Parameters);

    private static ImmutableArray<T> Filled<T>(ImmutableArray<T> array) => array.IsDefault ? [] : array;
}
