using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Arrivals;

/// <summary>Sessions that arrive at some rate, and which of their jobs are measured.</summary>
/// <param name="Sessions">By arrival.</param>
/// <param name="MeasureFrom">The first fifth warms up (s).</param>
/// <param name="MeasureUntil">Later jobs only keep the load up (s).</param>
/// <param name="StopAt">What has not ended by now never will, at this rate (s).</param>
public sealed record Traffic(ImmutableArray<SimulatedSession> Sessions, double MeasureFrom, double MeasureUntil, double StopAt)
{
    private const double WarmUpShare = 0.2;

    /// <summary>Sessions go on arriving for this many horizons, so that the measured jobs end under load.</summary>
    private const double Horizons = 2;

    /// <summary>Draws sessions and lets them arrive.</summary>
    /// <param name="workload">To draw from.</param>
    /// <param name="demand">How many, how fast, in which manner.</param>
    /// <param name="hardware">What the size of a session is judged by.</param>
    /// <param name="seed">Same seed, same traffic: every policy gets the same.</param>
    public static Traffic Make(SessionWorkload workload, Demand demand, HardwareProfile hardware, ulong seed)
    {
        double jobsPerSession = workload.Sessions.Average(static s => s.Jobs.Length);
        double horizon = demand.Jobs / (demand.SessionsPerSecond * jobsPerSession);
        SeededGenerator tenants = new SeedTree(seed).Child("tenants").Generator();
        var sessions = ImmutableArray.CreateBuilder<SimulatedSession>();
        foreach ((SimulatedSession session, double at) in SessionCopies.Draw(workload.Sessions, seed).Zip(demand.Process.Moments(demand.SessionsPerSecond, seed)))
        {
            if (at > horizon * Horizons)
                break;
            sessions.Add(session with
            {
                ArrivalSeconds = at,
                Tenant = demand.Tenants > 1 ? $"tenant-{tenants.NextInt(demand.Tenants)}" : session.Tenant,
            });
        }
        if (sessions.Count == 0)
            throw new TraceException($"{workload.Name}: nothing arrives in {horizon * Horizons:0.#} s; more jobs must be asked for");
        return new Traffic(
            ArrivalPatterns.Apply(demand.Pattern, sessions.ToImmutable(), hardware, horizon), horizon * WarmUpShare, horizon, horizon * (Horizons + 1));
    }

    /// <summary>Sessions that are all there at the start: a backlog.</summary>
    public static Traffic Backlog(SessionWorkload workload, int jobs, ulong seed)
    {
        var sessions = ImmutableArray.CreateBuilder<SimulatedSession>();
        int taken = 0;
        foreach (SimulatedSession session in SessionCopies.Draw(workload.Sessions, seed))
        {
            sessions.Add(session with { ArrivalSeconds = 0 });
            if ((taken += session.Jobs.Length) >= jobs)
                break;
        }
        return new Traffic(sessions.ToImmutable(), 0, double.PositiveInfinity, double.PositiveInfinity);
    }

    /// <summary>The scenario with this traffic.</summary>
    public Scenario Into(Scenario scenario) => scenario with { Sessions = Sessions, MeasureFrom = MeasureFrom, MeasureUntil = MeasureUntil, StopAt = StopAt };
}

/// <summary>How many jobs arrive, how fast, in which manner.</summary>
/// <param name="SessionsPerSecond">Mean rate (1/s).</param>
/// <param name="Jobs">Expected until the end of the measurement, warm-up included (jobs).</param>
public sealed record Demand(double SessionsPerSecond, int Jobs)
{
    /// <summary>When.</summary>
    public ArrivalProcess Process { get; init; } = new ArrivalProcess.Poisson();

    /// <summary>What an adversary makes of it.</summary>
    public ArrivalPattern Pattern { get; init; }

    /// <summary>Sessions belong to so many tenants, at random; with 1 they stay whose they are.</summary>
    public int Tenants { get; init; } = 1;
}
