namespace Astraea.Models.Tasks.Tools;

/// <summary>A call of a tool.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object, as text.</param>
public sealed record ToolCall(string Name, string Arguments);
