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
/// Work done between 10 % and 60 % of all work, per second: before, the batch fills; after, few long sessions are left and the worker waits for tools.
/// Counting work in place of jobs takes out that short jobs end first.
/// </remarks>
public sealed class Saturation(SimulationRun run, int jobs, ulong seed)
{
    private const double FromShare = 0.1;
    private const double ToShare = 0.6;

    private readonly ConcurrentDictionary<(string Workload, string Hardware, string Policy), Lazy<SaturatedRate>> _measured = new();

    /// <summary>The rate for a workload on a kind of worker.</summary>
    public SaturatedRate Of(SessionWorkload workload, HardwareProfile hardware, CancellationToken cancellation) =>
        Of(workload, hardware, "program-fcfs", static () => SchedulingPolicies.Create("program-fcfs"), cancellation);

    /// <summary>The rate under another policy: what its order costs or gains in throughput.</summary>
    public SaturatedRate Of(SessionWorkload workload, HardwareProfile hardware, string label, Func<ISchedulingPolicy> policy, CancellationToken cancellation) =>
        _measured.GetOrAdd((workload.Name, hardware.Name, label), _ => new(() => Measure(workload, hardware, policy(), cancellation))).Value;

    private SaturatedRate Measure(SessionWorkload workload, HardwareProfile hardware, ISchedulingPolicy policy, CancellationToken cancellation)
    {
        Traffic backlog = Traffic.Backlog(workload, jobs, seed);
        RunResult result = run(backlog.Into(new Scenario(hardware, 1, policy, [], seed)), cancellation);
        double perSession = workload.Sessions.Average(s => s.Jobs.Sum(j => SessionMeasures.IsolatedSeconds(j, hardware)));
        double jobsPerSession = workload.Sessions.Average(static s => s.Jobs.Length);
        double work = WorkRate(result, hardware, backlog);
        return new SaturatedRate(work / perSession, work / perSession * jobsPerSession, work);
    }

    private static double WorkRate(RunResult result, HardwareProfile hardware, Traffic backlog)
    {
        // Work in our own unit, so that it cancels against the mean of the templates.
        (double End, double Work)[] ended = [.. result.Jobs.Select(j => (j.EndSeconds, SessionMeasures.IsolatedSeconds(backlog.Sessions[j.Session].Jobs[j.Job], hardware))).OrderBy(static j => j.EndSeconds)];
        double total = ended.Sum(static j => j.Work), done = 0, from = double.NaN, fromWork = 0;
        foreach ((double end, double work) in ended)
        {
            done += work;
            if (double.IsNaN(from) && done >= FromShare * total)
                (from, fromWork) = (end, done);
            if (done >= ToShare * total && end > from)
                return (done - fromWork) / (end - from);
        }
        throw new InvalidOperationException($"A backlog of {backlog.Sessions.Length} sessions ended {ended.Length} jobs: too few to say at which rate.");
    }
}
