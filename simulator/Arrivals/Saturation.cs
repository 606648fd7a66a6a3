using System.Collections.Concurrent;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Model;
using Astraea.Simulator.Running;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Arrivals;

/// <summary>What a worker can do of a workload at most: the unit of load (SCHEDULING.md §6).</summary>
/// <param name="SessionsPerSecond">λ_sat of one worker (sessions/s).</param>
/// <param name="JobsPerSecond">The same in jobs (jobs/s).</param>
/// <param name="WorkPerSecond">Isolated compute done in a second; above 1 because a batch shares its weights (s/s).</param>
public sealed record SaturatedRate(double SessionsPerSecond, double JobsPerSecond, double WorkPerSecond);

/// <summary>Measures saturated rates: one worker under <c>program-fcfs</c> with all sessions there at time 0. Each is measured once.</summary>
/// <remarks>
/// Work done until 85 % of all work is done, per second; after that few long sessions are left and the worker waits for tools. Counting work in place of jobs takes out
/// that short jobs end first. Humans answer at once, there is always more to do; while agents wait for tools others must take their places: the backlog is doubled until that
/// adds nothing more.
/// </remarks>
/// <param name="run">Runs one scenario.</param>
/// <param name="sessions">Of the first, smallest backlog (sessions).</param>
/// <param name="seed">Of the draw.</param>
public sealed class Saturation(SimulationRun run, int sessions, ulong seed)
{
    private const double DoneShare = 0.85;
    private const double AddsNothing = 1.04;
    private const int SessionsMax = 4_000;

    private readonly ConcurrentDictionary<(string Workload, string Hardware, string Policy), Lazy<SaturatedRate>> _measured = new();

    /// <summary>The rate for a workload on a kind of worker.</summary>
    public SaturatedRate Of(SessionWorkload workload, HardwareProfile hardware, CancellationToken cancellation) =>
        Of(workload, hardware, "program-fcfs", static () => SchedulingPolicies.Create("program-fcfs"), cancellation);

    /// <summary>The rate under another policy: what its order costs or gains in throughput.</summary>
    public SaturatedRate Of(SessionWorkload workload, HardwareProfile hardware, string label, Func<ISchedulingPolicy> policy, CancellationToken cancellation) =>
        _measured.GetOrAdd((workload.Name, hardware.Name, label), _ => new(() => Measure(workload, hardware, policy, cancellation))).Value;

    private SaturatedRate Measure(SessionWorkload workload, HardwareProfile hardware, Func<ISchedulingPolicy> policy, CancellationToken cancellation)
    {
        double work = WorkRate(workload, hardware, policy(), sessions, cancellation);
        for (int more = sessions * 2; more <= SessionsMax; more *= 2)
        {
            double before = work;
            work = WorkRate(workload, hardware, policy(), more, cancellation);
            if (work < before * AddsNothing)
                break;
        }
        double perSession = workload.Sessions.Average(s => s.Jobs.Sum(j => SessionMeasures.IsolatedSeconds(j, hardware)));
        double jobsPerSession = workload.Sessions.Average(static s => s.Jobs.Length);
        return new SaturatedRate(work / perSession, work / perSession * jobsPerSession, work);
    }

    private double WorkRate(SessionWorkload workload, HardwareProfile hardware, ISchedulingPolicy policy, int count, CancellationToken cancellation)
    {
        Traffic backlog = Traffic.Backlog(workload, count, seed);
        RunResult result = run(backlog.Into(new Scenario(hardware, 1, policy, [], seed)), cancellation);
        // Work in our own unit, so that it cancels against the mean of the templates.
        (double End, double Work)[] ended =
            [.. result.Jobs.Select(j => (j.EndSeconds, SessionMeasures.IsolatedSeconds(backlog.Sessions[j.Session].Jobs[j.Job], hardware))).OrderBy(static j => j.EndSeconds)];
        double total = ended.Sum(static j => j.Work), done = 0;
        foreach ((double end, double work) in ended)
        {
            done += work;
            if (done >= DoneShare * total)
                return done / end;
        }
        throw new InvalidOperationException($"A backlog of {count} sessions ended no job.");
    }
}
