namespace Astraea.Models.Tasks.Tools;

/// <summary>Tools that fail.</summary>
internal static class Faults
{
    public const string Temporary = "temporarily unavailable, try again";

    /// <summary>The first call fails, an equal second one does not.</summary>
    public static AgentTool Once(AgentTool tool) => tool with
    {
        Behaviour = (arguments, before) => before.Any(call => call.Name == tool.Name) ? tool.Behaviour(arguments, before) : ToolBox.Error(Temporary),
    };

    /// <summary>Every call fails.</summary>
    public static AgentTool Always(AgentTool tool, string message) => tool with { Behaviour = (_, _) => ToolBox.Error(message) };
}
