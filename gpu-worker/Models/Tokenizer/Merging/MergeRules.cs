using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Tokenizer.Merging;

/// <summary>What must hold of merges, whichever engine follows them.</summary>
internal static class MergeRules
{
    /// <summary>Checks that both halves of each pair, and what they make, are tokens.</summary>
    /// <exception cref="TextException">A pair names a token the vocabulary lacks.</exception>
    public static void Check(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges)
    {
        for (int rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (!vocabulary.ContainsKey(left) || !vocabulary.ContainsKey(right) || !vocabulary.ContainsKey(left + right))
                throw new TextException($"tokenizer.json: model.merges[{rank}] ({left} {right}) names a token that model.vocab lacks.");
        }
    }
}
