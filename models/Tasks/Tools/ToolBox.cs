using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Astraea.Models.Tasks.Tools;

/// <summary>Tools on offer in one conversation. Training, measuring and serving run the same ones.</summary>
/// <param name="Tools">In the order they are shown.</param>
/// <param name="Spaced">How results are written: with a space behind colons and commas, or without.</param>
public sealed record ToolBox(ImmutableArray<AgentTool> Tools, bool Spaced = true)
{
    /// <summary>The declarations, a JSON array in OpenAI's chat shape.</summary>
    public JsonArray Declarations() => new([.. Tools.Select(tool => (JsonNode)tool.Declaration())]);

    /// <summary>Makes a call. Never throws: what is wrong with a call is its result, as a tool service would say it.</summary>
    /// <param name="call">The call.</param>
    /// <param name="before">Earlier calls of the conversation, oldest first.</param>
    public string Run(ToolCall call, IReadOnlyList<ToolCall> before) => JsonText.Write(Answer(call, before), Spaced);

    internal JsonNode Answer(ToolCall call, IReadOnlyList<ToolCall> before) => Check(call) switch
    {
        // What was refused did not happen.
        (AgentTool tool, JsonObject arguments, _) => tool.Behaviour(arguments, [.. before.Where(earlier => Check(earlier).Tool is not null)]),
        var (_, _, problem) => Error(problem!),
    };

    private (AgentTool? Tool, JsonObject? Arguments, string? Problem) Check(ToolCall call)
    {
        if (Tools.FirstOrDefault(tool => tool.Name == call.Name) is not { } tool)
            return (null, null, $"unknown tool: {call.Name}");
        if (Parse(call.Arguments) is not { } arguments)
            return (null, null, "arguments are not a JSON object");
        string? problem = tool.Parameters.Select(parameter => Check(parameter, arguments)).FirstOrDefault(found => found is not null)
            ?? arguments.Where(argument => tool.Parameters.All(parameter => parameter.Name != argument.Key)).Select(argument => $"unknown argument: {argument.Key}").FirstOrDefault();
        return problem is null ? (tool, arguments, null) : (null, null, problem);
    }

    private static string? Check(ToolParameter parameter, JsonObject arguments) => arguments.TryGetPropertyValue(parameter.Name, out JsonNode? value)
        ? parameter.Check(value)
        : parameter.Required ? $"missing argument: {parameter.Name}" : null;

    /// <summary>What a tool says when something is wrong.</summary>
    internal static JsonObject Error(string message) => new() { ["error"] = message };

    private static JsonObject? Parse(string arguments)
    {
        try
        {
            return JsonNode.Parse(arguments) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
