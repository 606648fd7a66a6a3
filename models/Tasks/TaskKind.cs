namespace Astraea.Models.Tasks;

/// <summary>A kind of task: how often it is trained, and how it is acted out.</summary>
/// <param name="Name">Domain and shape.</param>
/// <param name="Stage">From when on it is learnt: 1 one call at most, 2 chains, parallel calls, faults and follow-ups, 3 tools made up for the conversation.</param>
/// <param name="Weight">Share among all kinds.</param>
/// <param name="Act">Acts a conversation out.</param>
internal sealed record TaskKind(string Name, int Stage, int Weight, Action<TaskScript, Demo.DemoTools, Demo.DemoData> Act);
