namespace Astraea.Core.Scheduling;

/// <summary>A ready segment that the asking worker might get.</summary>
internal readonly record struct LeaseCandidate(Rank Rank, LiveRequest Request, RankInputs Inputs);

/// <summary>The best few of many without sorting all: a binary heap built in one pass.</summary>
internal sealed class CandidateHeap(int capacity)
{
    private readonly List<LeaseCandidate> _items = new(capacity);

    public int Count => _items.Count;

    /// <summary>Adds without order; <see cref="Build"/> follows.</summary>
    public void Collect(LeaseCandidate candidate) => _items.Add(candidate);

    public void Build()
    {
        for (int i = _items.Count / 2 - 1; i >= 0; i--)
            Sink(i);
    }

    public LeaseCandidate Peek() => _items[0];

    public LeaseCandidate Take()
    {
        LeaseCandidate best = _items[0];
        _items[0] = _items[^1];
        _items.RemoveAt(_items.Count - 1);
        if (_items.Count > 0)
            Sink(0);
        return best;
    }

    public void Add(LeaseCandidate candidate)
    {
        int i = _items.Count;
        _items.Add(candidate);
        while (i > 0 && candidate.Rank.CompareTo(_items[(i - 1) / 2].Rank) < 0)
        {
            _items[i] = _items[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        _items[i] = candidate;
    }

    private void Sink(int i)
    {
        LeaseCandidate item = _items[i];
        while (true)
        {
            int child = 2 * i + 1;
            if (child >= _items.Count)
                break;
            if (child + 1 < _items.Count && _items[child + 1].Rank.CompareTo(_items[child].Rank) < 0)
                child++;
            if (item.Rank.CompareTo(_items[child].Rank) <= 0)
                break;
            _items[i] = _items[child];
            i = child;
        }
        _items[i] = item;
    }
}
