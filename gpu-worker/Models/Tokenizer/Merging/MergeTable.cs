namespace Astraea.Worker.Models.Tokenizer.Merging;

/// <summary>Our own merge engine: the pairs by id, and a queue over the piece.</summary>
internal sealed class MergeTable : IMergeEngine
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges;
    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<char, int> _characters;

    /// <param name="vocabulary">Token text to id.</param>
    /// <param name="merges">Pairs in rank order, checked.</param>
    public MergeTable(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges)
    {
        _vocabulary = vocabulary;
        _characters = vocabulary.Where(token => token.Key.Length == 1).ToDictionary(token => token.Key[0], token => token.Value);
        _merges = new Dictionary<(int, int), (int, int)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            _merges.TryAdd((vocabulary[left], vocabulary[right]), (rank, vocabulary[left + right]));
        }
    }

    public void Merge(string piece, List<int> ids)
    {
        var units = new int[piece.Length];
        int count = 0;
        for (int at = 0; at < piece.Length;)
        {
            bool pair = char.IsSurrogatePair(piece, at);
            units[count++] = pair ? _vocabulary[piece.Substring(at, 2)] : _characters[piece[at]];
            at += pair ? 2 : 1;
        }
        ids.AddRange(units.AsSpan(0, Merge(units.AsSpan(0, count))));
    }

    /// <summary>Merges in place.</summary>
    /// <param name="ids">Tokens of the piece's characters; on return, the first result-many hold the merged tokens.</param>
    /// <returns>Tokens left (tokens).</returns>
    private int Merge(Span<int> ids)
    {
        int count = ids.Length;
        if (_merges.Count == 0 || count < 2)
            return count;
        // A linked list over the piece and a queue of candidate pairs: n log n, where rescanning would be n² on one long word.
        var next = new int[count];
        var previous = new int[count];
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
        }
        var queue = new PriorityQueue<(int At, int Left, int Right, int Merged), (int Rank, int At)>();
        for (int i = 0; i + 1 < count; i++)
            Offer(queue, i, ids[i], ids[i + 1]);
        while (queue.TryDequeue(out var pair, out _))
        {
            int right = next[pair.At];
            // Stale when either half has been merged since.
            if (ids[pair.At] != pair.Left || right < 0 || ids[right] != pair.Right)
                continue;
            ids[pair.At] = pair.Merged;
            ids[right] = -1;
            next[pair.At] = next[right];
            if (next[right] >= 0)
            {
                previous[next[right]] = pair.At;
                Offer(queue, pair.At, pair.Merged, ids[next[right]]);
            }
            if (previous[pair.At] >= 0)
                Offer(queue, previous[pair.At], ids[previous[pair.At]], pair.Merged);
        }
        int kept = 0;
        for (int i = 0; i >= 0; i = next[i])
            ids[kept++] = ids[i];
        return kept;
    }

    private void Offer(PriorityQueue<(int, int, int, int), (int, int)> queue, int at, int left, int right)
    {
        if (_merges.TryGetValue((left, right), out var merge))
            queue.Enqueue((at, left, right, merge.Merged), (merge.Rank, at));
    }
}
