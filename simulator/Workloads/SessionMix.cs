using System.Collections.Immutable;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads;

/// <summary>Several workloads at once.</summary>
public static class SessionMix
{
    /// <summary>Sessions of each part in proportion to its share; a part that has too few gives some of them again, as copies.</summary>
    /// <param name="parts">Workloads and their shares of the sessions.</param>
    /// <param name="seed">Of the draw.</param>
    public static SessionWorkload Of(IReadOnlyList<(SessionWorkload Workload, double Share)> parts, ulong seed)
    {
        double shares = parts.Sum(static p => p.Share);
        // As many as give every part at least all that it has.
        double sessions = parts.Max(p => p.Workload.Sessions.Length / (p.Share / shares));
        ImmutableArray<SimulatedSession> drawn =
        [
            .. parts.SelectMany((p, i) => SessionCopies.Draw(p.Workload.Sessions, seed).Take((int)Math.Max(1, Math.Round(Math.Min(sessions, 1_000_000) * p.Share / shares)))
                .Select(s => s with { Id = $"part-{i + 1}-{s.Id}" })),
        ];
        return new SessionWorkload(string.Join(" + ", parts.Select(static p => p.Workload.Name)), drawn, [.. parts.SelectMany(static p => p.Workload.Notes)]);
    }
}
