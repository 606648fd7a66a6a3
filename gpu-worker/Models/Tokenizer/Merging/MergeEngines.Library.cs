using Library = Microsoft.ML.Tokenizers;

namespace Astraea.Worker.Models.Tokenizer.Merging;

/// <summary>The merge engine of a build with <c>-p:MLTokenizers=true</c>: the one of Microsoft.ML.Tokenizers.</summary>
internal static class MergeEngines
{
    /// <summary>Makes the engine of a vocabulary and its merges, which have been checked.</summary>
    public static IMergeEngine Create(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges) => new LibraryEngine(vocabulary, merges);

    /// <summary>Cutting, normalising and bytes are done before: the library merges characters.</summary>
    private sealed class LibraryEngine(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges) : IMergeEngine
    {
        private readonly Library.BpeTokenizer _tokenizer = Library.BpeTokenizer.Create(
            new Library.BpeOptions(vocabulary) { Merges = merges.Select(pair => $"{pair.Left} {pair.Right}") });

        public void Merge(string piece, List<int> ids) =>
            ids.AddRange(_tokenizer.EncodeToIds(piece, considerPreTokenization: false, considerNormalization: false));
    }
}
