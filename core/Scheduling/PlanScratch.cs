namespace Astraea.Core.Scheduling;

/// <summary>Room that plans are made in, kept from one to the next so that a plan leaves no garbage. Holds nothing between two plans.</summary>
internal sealed class PlanScratch
{
    private bool[] _named = [];
    private long[] _taken = [];

    public List<SchedulerEvent> Events { get; } = [];

    public List<LiveRequest> Kept { get; } = [];

    public List<LiveRequest> KeptRunning { get; } = [];

    /// <summary>Bands of <see cref="KeptRunning"/>; empty until somebody asks.</summary>
    public List<int> RunningBands { get; } = [];

    public RowFigures Figures { get; } = new();

    public BestRows Lane { get; } = new();

    public BestRows Best { get; } = new();

    /// <summary>One mark for each lease of a worker, none set.</summary>
    public bool[] Named(int leases)
    {
        if (_named.Length < leases)
            _named = new bool[2 * leases];
        Array.Clear(_named, 0, leases);
        return _named;
    }

    /// <summary>One sum for each worker, all zero.</summary>
    public long[] Taken(int workers)
    {
        if (_taken.Length < workers)
            _taken = new long[2 * workers];
        Array.Clear(_taken, 0, workers);
        return _taken;
    }

    /// <summary>Lets go of everything, so that no ended request is held by it.</summary>
    public void Clear()
    {
        Events.Clear();
        Kept.Clear();
        KeptRunning.Clear();
        RunningBands.Clear();
        Lane.Clear();
        Best.Clear();
    }
}
