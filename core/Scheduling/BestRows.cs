namespace Astraea.Core.Scheduling;

/// <summary>A ready segment and its place in the order on the worker that asks.</summary>
internal struct RankedRow
{
    public double Score;
    public int Band;
    public int Level;
    public long Arrival;
    public LiveRequest Request;

    public readonly Rank Rank => new(Band, Score, new Instant(Arrival), Request.Status.Request);

    /// <summary>Negative when this one runs before the other; the order of <see cref="Rank"/>.</summary>
    public readonly int CompareTo(in RankedRow other)
    {
        if (Band != other.Band)
            return Band < other.Band ? -1 : 1;
        int byScore = other.Score.CompareTo(Score);
        if (byScore != 0)
            return byScore;
        if (Arrival != other.Arrival)
            return Arrival < other.Arrival ? -1 : 1;
        return Request.Status.Request.CompareTo(other.Request.Status.Request);
    }
}

/// <summary>The best few of many rows in one pass: rows worse than the worst of the best so far are not even looked at.</summary>
/// <remarks>
/// It gathers up to twice as many as wanted, then quick-select drops the worse half and the last one kept becomes the cut. Once all have been offered,
/// the kept ones come out best first. Nothing is allocated once the arrays have their size.
/// </remarks>
internal sealed class BestRows
{
    private RankedRow[] _rows = [];
    private int _count;
    private int _wanted;
    private RankedRow _worst;

    /// <summary>Rows kept and not yet taken.</summary>
    public int Count => _count;

    /// <summary>Whether rows were dropped: after the last of those kept there are more.</summary>
    public bool Truncated { get; private set; }

    /// <summary>Band of the cut; rows in a higher band need not be offered.</summary>
    public int CutBand { get; private set; }

    /// <summary>Score of the cut; in its band, rows of a lower score need not be offered.</summary>
    public double CutScore { get; private set; }

    /// <summary>The last row that was kept: when <see cref="Truncated"/>, whatever is better has been handed out.</summary>
    public ref readonly RankedRow Worst => ref _worst;

    public void Begin(int wanted)
    {
        _wanted = Math.Max(1, wanted);
        Clear();
        if (_rows.Length < 2 * _wanted)
            _rows = new RankedRow[2 * _wanted];
        Truncated = false;
        (CutBand, CutScore) = (int.MaxValue, double.NegativeInfinity);
    }

    public void Offer(in RankedRow row)
    {
        if (Truncated && row.CompareTo(_worst) > 0)
            return;
        _rows[_count++] = row;
        if (_count == 2 * _wanted)
            Cut();
    }

    /// <summary>All rows have been offered: puts the kept ones in order.</summary>
    public void Finish()
    {
        if (Truncated && _count > _wanted)
            Cut();
        for (int i = _count / 2 - 1; i >= 0; i--)
            Sink(i);
    }

    public bool TryTake(out RankedRow best)
    {
        if (_count == 0)
        {
            best = default;
            return false;
        }
        best = _rows[0];
        _rows[0] = _rows[--_count];
        _rows[_count] = default;
        if (_count > 0)
            Sink(0);
        return true;
    }

    /// <summary>Lets go of the requests it names.</summary>
    public void Clear()
    {
        Array.Clear(_rows, 0, _count);
        _count = 0;
    }

    private void Cut()
    {
        Select(_wanted - 1);
        _worst = _rows[_wanted - 1];
        Array.Clear(_rows, _wanted, _count - _wanted);
        _count = _wanted;
        Truncated = true;
        (CutBand, CutScore) = (_worst.Band, _worst.Score);
    }

    /// <summary>Quick-select: the row that belongs at <paramref name="index"/> comes there, better ones before it. Pivot from three, so sorted rows do no harm.</summary>
    private void Select(int index)
    {
        int low = 0, high = _count - 1;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            Order(low, middle);
            Order(low, high);
            Order(middle, high);
            RankedRow pivot = _rows[middle];
            int left = low, right = high;
            while (left <= right)
            {
                while (_rows[left].CompareTo(pivot) < 0)
                    left++;
                while (_rows[right].CompareTo(pivot) > 0)
                    right--;
                if (left > right)
                    break;
                (_rows[left], _rows[right]) = (_rows[right], _rows[left]);
                left++;
                right--;
            }
            if (index <= right)
                high = right;
            else if (index >= left)
                low = left;
            else
                return;
        }
    }

    private void Order(int first, int second)
    {
        if (_rows[second].CompareTo(_rows[first]) < 0)
            (_rows[first], _rows[second]) = (_rows[second], _rows[first]);
    }

    private void Sink(int i)
    {
        RankedRow row = _rows[i];
        while (true)
        {
            int child = 2 * i + 1;
            if (child >= _count)
                break;
            if (child + 1 < _count && _rows[child + 1].CompareTo(_rows[child]) < 0)
                child++;
            if (row.CompareTo(_rows[child]) <= 0)
                break;
            _rows[i] = _rows[child];
            i = child;
        }
        _rows[i] = row;
    }
}
