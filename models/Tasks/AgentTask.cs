using System.Collections.Immutable;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks;

/// <summary>A conversation an agent should be able to hold, with what it is right to do and say.</summary>
/// <param name="Kind">Domain and shape, such as <c>weather.parallel</c>.</param>
/// <param name="Split">What the task is for.</param>
/// <param name="Index">Place in the sequence its generator makes.</param>
/// <param name="System">System prompt; null for none.</param>
/// <param name="Tools">Tools on offer, the useful ones among others.</param>
/// <param name="Turns">What the user says, what is right to call, and the right answers.</param>
public sealed record AgentTask(string Kind, TaskSplit Split, long Index, string? System, ToolBox Tools, ImmutableArray<TaskTurn> Turns);

/// <summary>From something the user says to the answer.</summary>
/// <param name="User">What the user says.</param>
/// <param name="Rounds">Calls on the way, in order; those of one round are made in parallel.</param>
/// <param name="Answer">The right answer, to the character.</param>
public sealed record TaskTurn(string User, ImmutableArray<ToolRound> Rounds, string Answer);

/// <summary>Calls made in parallel and what the tools answer.</summary>
/// <param name="Calls">The calls.</param>
/// <param name="Results">Their results, in the same order.</param>
public sealed record ToolRound(ImmutableArray<ToolCall> Calls, ImmutableArray<string> Results);
