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
/// The run ends while there is still a backlog, and what was done by then counts, whether or not its job had ended: waiting for the last tools of long jobs would count
/// an idle worker as a slow one. Work is device seconds at a full batch, so that it does not matter which parts of sessions came first. Humans take their time: KV that
/// waits for them is part of what a worker can sustain. Only the second half counts; the first fills the memory and spreads sessions over their pauses.
/// </remarks>
/// <param name="run">Runs one scenario.</param>
/// <param name="seed">Of the draw.</param>
public sealed class Saturation(SimulationRun run, ulong seed)
{
    /// <summary>So much of all work is asked to be done, in expectation; the rest is the backlog that keeps the worker busy.</summary>
    private const double DoneShare = 0.6;

    /// <summary>A run lasts so many mean sessions with their tools and humans, within bounds (virtual s).</summary>
    private const double SessionsLong = 3;
    private const double SecondsMin = 60;
    private const double SecondsMax = 40_000;
    private const int SessionsMin = 200;
    private const int SessionsMax = 10_000;

    private readonly ConcurrentDictionary<(string Workload, string Hardware, string Policy), Lazy<SaturatedRate>> _measured = new();

    /// <summary>The rate for a workload on a kind of worker.</summary>
    public SaturatedRate Of(SessionWorkload workload, HardwareProfile hardware, CancellationToken cancellation) =>
        Of(workload, hardware, "program-fcfs", static () => SchedulingPolicies.Create("program-fcfs"), cancellation);

    /// <summary>The rate under another policy: what its order costs or gains in throughput.</summary>
    public SaturatedRate Of(SessionWorkload workload, HardwareProfile hardware, string label, Func<ISchedulingPolicy> policy, CancellationToken cancellation) =>
        _measured.GetOrAdd((workload.Name, hardware.Name, label), _ => new(() => Measure(workload, hardware, policy(), cancellation))).Value;

    private SaturatedRate Measure(SessionWorkload workload, HardwareProfile hardware, ISchedulingPolicy policy, CancellationToken cancellation)
    {
        double batch = TrainedPredictors.Batch(workload, hardware);
        SimulatedSegment[] segments = [.. workload.Sessions.SelectMany(static s => s.Jobs).SelectMany(static j => j.Segments)];
        double count = workload.Sessions.Length, jobs = workload.Sessions.Sum(static s => s.Jobs.Length);
        double deviceSeconds = segments.Sum(s => TrainedPredictors.DeviceSeconds(s, hardware.Step, batch)) / count;
        double sessionSeconds = workload.Sessions.Average(s => UnderWay.AloneSeconds(s, hardware));
        int sessions = Math.Clamp((int)(Math.Clamp(SessionsLong * sessionSeconds, SecondsMin, SecondsMax) / DoneShare / deviceSeconds), SessionsMin, SessionsMax);
        Traffic backlog = Traffic.Backlog(workload, sessions, seed);
        double stopAt = DoneShare * sessions * deviceSeconds;
        // What rows of either kind cost on average splits a session's work into its inputs and its outputs.
        double input = segments.Sum(static s => (double)s.New), output = segments.Sum(static s => (double)s.Output);
        double outputSeconds = segments.Sum(s => TrainedPredictors.DeviceSeconds(s with { New = 0, Kept = s.Kept + s.New }, hardware.Step, batch)) / count;
        (RunTotals half, RunTotals whole) = (Until(stopAt / 2), Until(stopAt));
        double rate = (Done(whole) - Done(half)) * count / deviceSeconds / (whole.EndSeconds - half.EndSeconds);
        double isolated = workload.Sessions.Sum(s => s.Jobs.Sum(j => SessionMeasures.IsolatedSeconds(j, hardware))) / count;
        return new SaturatedRate(rate, rate * jobs / count, rate * isolated);

        RunTotals Until(double seconds) => run((backlog with { StopAt = seconds }).Into(new Scenario(hardware, 1, policy, [], seed)), cancellation).Totals;

        double Done(RunTotals totals) =>
            (totals.PrefillTokens - totals.RecomputedTokens) / input * (deviceSeconds - outputSeconds) + totals.OutputTokens / output * outputSeconds;
    }
}
