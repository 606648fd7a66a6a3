namespace Astraea.Simulator.Cluster.Memory;

/// <summary>Which blocks of an extent are in the host tier: a leading run, and one more behind a gap.</summary>
/// <remarks>
/// A whole context that was copied is a leading run; a tail that was written back on eviction is a run at the end. Between the two there is a gap
/// when the context grew after it was copied. A third run would need two such histories at once: then the older tail is forgotten.
/// </remarks>
internal struct HostRuns
{
    private int _low, _from, _to;

    /// <summary>Blocks held.</summary>
    public readonly int Count => _low + (_to - _from);

    /// <summary>Where the run that covers a block ends; the block itself when it is not held.</summary>
    public readonly int Reach(int block) => block < _low ? _low : block >= _from && block < _to ? _to : block;

    /// <summary>Of the blocks [from, to), those not held.</summary>
    public readonly int Missing(int from, int to) =>
        Math.Max(0, to - from) - Overlap(from, to, 0, _low) - Overlap(from, to, _from, _to);

    /// <summary>Holds [from, to) too.</summary>
    public void Add(int from, int to)
    {
        if (to <= from)
            return;
        if (from <= _low)
            _low = Math.Max(_low, to);
        else if (_to > _from && to >= _from && from <= _to)
            (_from, _to) = (Math.Min(_from, from), Math.Max(_to, to));
        else
            (_from, _to) = (from, to);
        if (_to > _from && _from <= _low)
        {
            _low = Math.Max(_low, _to);
            _from = _to = 0;
        }
    }

    /// <summary>Forgets all from a block on.</summary>
    public void Trim(int from)
    {
        _low = Math.Min(_low, from);
        _to = Math.Min(_to, from);
        if (_from >= _to)
            _from = _to = 0;
    }

    /// <summary>Forgets up to so many of the last blocks.</summary>
    public void DropLast(int count)
    {
        int tail = Math.Min(count, _to - _from);
        _to -= tail;
        if (_from >= _to)
            _from = _to = 0;
        _low -= Math.Min(count - tail, _low);
    }

    private static int Overlap(int from, int to, int start, int end) => Math.Max(0, Math.Min(to, end) - Math.Max(from, start));
}
