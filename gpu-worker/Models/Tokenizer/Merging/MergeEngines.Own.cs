namespace Astraea.Worker.Models.Tokenizer.Merging;

/// <summary>The merge engine of this build: our own. With <c>-p:MLTokenizers=true</c> another file takes this one's place.</summary>
internal static class MergeEngines
{
    /// <summary>Makes the engine of a vocabulary and its merges, which have been checked.</summary>
    public static IMergeEngine Create(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges) => new MergeTable(vocabulary, merges);
}
