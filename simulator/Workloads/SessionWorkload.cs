using System.Collections.Immutable;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads;

/// <summary>A workload file that cannot be used; the message names file, line and place.</summary>
public sealed class TraceException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public TraceException(string message) : base(message) { }

    /// <summary>Says what is wrong, and why.</summary>
    public TraceException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public TraceException() { }
}

/// <summary>Sessions to draw from, and what of their source is not among them.</summary>
/// <param name="Name">Name in tables.</param>
/// <param name="Sessions">Templates: in their own time, so that a session that nobody moved arrives when its source says (0 where it does not).</param>
/// <param name="Notes">What was left out or changed, one sentence each; printed with every result.</param>
public sealed record SessionWorkload(string Name, ImmutableArray<SimulatedSession> Sessions, ImmutableArray<string> Notes)
{
    /// <summary>Leaves out the sessions whose context grows beyond a limit, and says how many.</summary>
    /// <param name="contextTokensMax">Longest context, output included (tokens).</param>
    public SessionWorkload Within(int contextTokensMax)
    {
        ImmutableArray<SimulatedSession> within = [.. Sessions.Where(s => SessionMeasures.LongestContext(s) <= contextTokensMax)];
        int left = Sessions.Length - within.Length;
        return left == 0 ? this : this with
        {
            Sessions = within,
            Notes = Notes.Add($"{left} of {Sessions.Length} sessions are left out: their context grows beyond {contextTokensMax} tokens."),
        };
    }
}
