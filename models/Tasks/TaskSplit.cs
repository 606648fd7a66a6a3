namespace Astraea.Models.Tasks;

/// <summary>What a task is for. Values, wording and tools of one are not met in another.</summary>
public enum TaskSplit
{
    /// <summary>For training: all kinds.</summary>
    Train,

    /// <summary>For measuring: the demo's tools, with values, seeds and wording no training task has.</summary>
    HeldOut,

    /// <summary>For measuring: tools whose names, descriptions and parameters no training task has.</summary>
    UnseenTools,
}
