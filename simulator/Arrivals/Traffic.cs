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

    /// <summary>Draws sessions and lets them arrive. At time 0 as many are under way as would be had it always been so: else the load would rise for as long as a session lasts.</summary>
    /// <param name="workload">To draw from.</param>
    /// <param name="demand">How many, how fast, in which manner.</param>
    /// <param name="hardware">What the size of a session is judged by.</param>
    /// <param name="seed">Same seed, same traffic: every policy gets the same.</param>
    public static Traffic Make(SessionWorkload workload, Demand demand, HardwareProfile hardware, ulong seed)
    {
        double jobsPerSession = workload.Sessions.Average(static s => s.Jobs.Length);
        double horizon = demand.Jobs / (demand.SessionsPerSecond * jobsPerSession);
        double longest = workload.Sessions.Max(s => UnderWay.AloneSeconds(s, hardware));
        SeededGenerator tenants = new SeedTree(seed).Child("tenants").Generator();
        var sessions = ImmutableArray.CreateBuilder<SimulatedSession>();
        foreach ((SimulatedSession session, double moment) in SessionCopies.Draw(workload.Sessions, seed).Zip(demand.Process.Moments(demand.SessionsPerSecond, seed)))
        {
            double at = moment - longest;
            if (at > horizon * Horizons)
                break;
            string tenant = demand.Tenants > 1 ? $"tenant-{tenants.NextInt(demand.Tenants)}" : session.Tenant;
            if ((at >= 0 ? session with { ArrivalSeconds = at } : UnderWay.At(session, -at, hardware)) is { } arrived && arrived.ArrivalSeconds <= horizon * Horizons)
                sessions.Add(arrived with { Tenant = tenant });
        }
        sessions.Sort(static (a, b) => a.ArrivalSeconds.CompareTo(b.ArrivalSeconds));
        if (sessions.Count == 0)
            throw new TraceException($"{workload.Name}: nothing arrives in {horizon * Horizons:0.#} s; more jobs must be asked for");
        return new Traffic(
            ArrivalPatterns.Apply(demand.Pattern, sessions.ToImmutable(), hardware, horizon), horizon * WarmUpShare, horizon,
            horizon * (Horizons + 1) + workload.Sessions.SelectMany(static s => s.Jobs).Max(j => UnderWay.AloneSeconds(j, hardware)));
    }

    /// <summary>Sessions that are all there at the start: a backlog.</summary>
    public static Traffic Backlog(SessionWorkload workload, int count, ulong seed) =>
        new([.. SessionCopies.Draw(workload.Sessions, seed).Take(count).Select(static s => s with { ArrivalSeconds = 0 })], 0, double.PositiveInfinity, double.PositiveInfinity);

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
