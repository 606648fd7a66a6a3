using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads;

/// <summary>Draws as many sessions as are needed out of those there are.</summary>
/// <remarks>
/// All are drawn once, in random order, before any is drawn again. A session drawn again is a copy and says so in its id (<c>id#2</c>): a predictor learns from an
/// original only, so that it never sees a session twice.
/// </remarks>
public static class SessionCopies
{
    private const char CopySign = '#';
    private const char PartSign = '/';

    /// <summary>Draws sessions without end.</summary>
    /// <param name="sessions">To draw from; not empty.</param>
    /// <param name="seed">Same seed, same sessions in the same order.</param>
    public static IEnumerable<SimulatedSession> Draw(ImmutableArray<SimulatedSession> sessions, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sessions.Length);
        SeededGenerator draws = new SeedTree(seed).Child("sessions").Generator();
        SimulatedSession[] order = [.. sessions.OrderBy(static s => s.Id, StringComparer.Ordinal)];
        for (int round = 1; ; round++)
        {
            for (int last = order.Length - 1; last > 0; last--)
            {
                int other = draws.NextInt(last + 1);
                (order[last], order[other]) = (order[other], order[last]);
            }
            foreach (SimulatedSession session in order)
                yield return round == 1 ? session : session with { Id = $"{session.Id}{CopySign}{round}" };
        }
    }

    /// <summary>Whether it is the first of its kind, which a predictor may learn from.</summary>
    public static bool IsOriginal(string id) => !id.Contains(CopySign, StringComparison.Ordinal);

    /// <summary>The recorded session behind an id: without the number of the copy and the name of the sub-agent.</summary>
    public static string Root(string id)
    {
        int end = id.AsSpan().IndexOfAny(CopySign, PartSign);
        return end < 0 ? id : id[..end];
    }
}
