using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads;

/// <summary>Which half of the sessions: one tunes predictors and parameters, the other is reported (SCHEDULING.md §6).</summary>
public enum SessionHalf
{
    /// <summary>All of them: for planning, where nothing is claimed about unseen sessions.</summary>
    Both,

    /// <summary>Tunes.</summary>
    Tuned,

    /// <summary>Is reported.</summary>
    Reported,
}

/// <summary>Divides sessions by a hash of their id, the same on every machine. A sub-agent goes with its session.</summary>
public static class SessionHalves
{
    /// <summary>The half that a session is in.</summary>
    public static SessionHalf Of(string id) => (StableHash.Of(SessionCopies.Root(id)) & 1) == 0 ? SessionHalf.Tuned : SessionHalf.Reported;

    /// <summary>The sessions of a half.</summary>
    public static SessionWorkload Take(SessionWorkload workload, SessionHalf half)
    {
        ImmutableArray<SimulatedSession> taken = half == SessionHalf.Both ? workload.Sessions : [.. workload.Sessions.Where(s => Of(s.Id) == half)];
        return taken.IsEmpty
            ? throw new TraceException($"{workload.Name}: none of its {workload.Sessions.Length} sessions is in the half that is {half.ToString().ToLowerInvariant()}")
            : workload with { Sessions = taken };
    }
}
