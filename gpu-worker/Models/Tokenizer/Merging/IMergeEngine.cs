namespace Astraea.Worker.Models.Tokenizer.Merging;

/// <summary>Merges the characters of a piece into tokens: always the pair of lowest rank, leftmost first (Sennrich et al. 2016, §3.2). Thread-safe.</summary>
internal interface IMergeEngine
{
    /// <summary>Encodes a piece.</summary>
    /// <param name="piece">In the vocabulary's characters, each of which is a token.</param>
    /// <param name="ids">Takes the tokens.</param>
    void Merge(string piece, List<int> ids);
}
