namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Merges the bytes of a piece into tokens: always the pair of lowest rank, leftmost first (Sennrich et al. 2016, §3.2).</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges;

    public MergeTable(Dictionary<(int Left, int Right), (int Rank, int Merged)> merges) => _merges = merges;

    public bool Empty => _merges.Count == 0;

    /// <summary>Merges in place.</summary>
    /// <param name="ids">Byte tokens of the piece; on return, the first result-many hold the merged tokens.</param>
    /// <returns>Tokens left (tokens).</returns>
    public int Merge(Span<int> ids)
    {
        int count = ids.Length;
        if (Empty || count < 2)
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
