namespace Astraea.Simulator.Cluster;

/// <summary>What happens at a moment of a run.</summary>
internal enum HappeningKind
{
    /// <summary>The next job of a session arrives.</summary>
    JobArrives,

    /// <summary>The tool of a session answers.</summary>
    ToolReturns,

    /// <summary>A worker's stint is over, or it wanted to look again.</summary>
    WorkerTurns,

    /// <summary>The scheduler wants to be woken.</summary>
    SchedulerWakes,

    /// <summary>Parked workers are answered again.</summary>
    ParkedAsk,

    /// <summary>KV has arrived at another worker.</summary>
    KvArrives,

    /// <summary>A worker goes away.</summary>
    WorkerLeaves,

    /// <summary>It is back.</summary>
    WorkerReturns,

    /// <summary>Memory and backlog are sampled.</summary>
    Sample,
}

/// <summary>Something that will happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">Of the session, worker or move.</param>
/// <param name="Stamp">For turns of workers: which plan it belongs to.</param>
internal readonly record struct Happening(HappeningKind Kind, int Index, long Stamp);
