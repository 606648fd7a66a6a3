using Astraea.Models.Tasks.Words;

namespace Astraea.Models.Tasks.Domains;

/// <summary>How programmers join words to names.</summary>
internal static class Naming
{
    /// <summary>Words as one name: with underscores mostly, with humps or hyphens at times.</summary>
    public static string Join(TaskRandom random, params string[] words)
    {
        string[] parts = [.. words.SelectMany(word => word.Split(' ', '-'))];
        return random.Below(10) switch
        {
            < 7 => string.Join('_', parts),
            < 9 => parts[0] + string.Concat(parts.Skip(1).Select(Values.Capital)),
            _ => string.Join('-', parts),
        };
    }

    /// <summary>A word as a key.</summary>
    public static string Safe(string word) => word.Replace(' ', '_');
}
