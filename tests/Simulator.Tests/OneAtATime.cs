using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Tests;

/// <summary>A stand-in for the simulation: workers compute one whole job after the other, in order of arrival; tools cost nobody anything.</summary>
internal static class OneAtATime
{
    public static RunResult Run(Scenario scenario, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var arrivals = new PriorityQueue<(int Session, int Job), (double, int)>();
        for (int session = 0; session < scenario.Sessions.Length; session++)
            arrivals.Enqueue((session, 0), (scenario.Sessions[session].ArrivalSeconds, session));
        double[] free = new double[scenario.Workers];
        var jobs = new List<JobOutcome>();
        var waits = new List<(double From, double To)>();
        double busy = 0;
        long input = 0, output = 0;
        int unfinished = 0;
        while (arrivals.TryDequeue(out (int Session, int Job) next, out (double At, int) key))
        {
            SimulatedSession session = scenario.Sessions[next.Session];
            SimulatedJob job = session.Jobs[next.Job];
            double alone = SessionMeasures.IsolatedSeconds(job, scenario.Hardware);
            int worker = Array.IndexOf(free, free.Min());
            double start = Math.Max(key.At, free[worker]), end = start + alone + job.ToolSeconds;
            free[worker] = start + alone;
            busy += alone;
            if (start + alone <= scenario.StopAt)
            {
                input += job.Segments.Sum(static s => (long)s.New);
                output += job.Segments.Sum(static s => (long)s.Output);
            }
            waits.Add((key.At, start));
            if (next.Job + 1 < session.Jobs.Length)
                arrivals.Enqueue((next.Session, next.Job + 1), (end + session.Jobs[next.Job + 1].PauseSeconds, next.Session));
            if (key.At < scenario.MeasureFrom || key.At > scenario.MeasureUntil)
                continue;
            if (end > scenario.StopAt)
                unfinished++;
            else
                jobs.Add(new JobOutcome(next.Session, next.Job, key.At, end, job.ToolSeconds, alone, start - key.At, start - key.At, alone, job.Segments.Sum(static s => s.Output), 0));
        }
        double last = Math.Min(free.Max(), scenario.StopAt);
        RunTotals totals = new(last, jobs.Count, jobs.Count, 0, busy, input, output, 0, 0, 0, 0, 0, 0);
        return new RunResult([.. jobs], unfinished, totals, scenario.SampleEverySeconds > 0 ? [.. Samples(scenario, waits, last)] : []);
    }

    private static IEnumerable<TierSample> Samples(Scenario scenario, List<(double From, double To)> waits, double last)
    {
        for (double at = 0; at < Math.Min(last, scenario.MeasureUntil); at += scenario.SampleEverySeconds)
            yield return new TierSample(at, 1, 2, 3, 4, waits.Count(w => w.From <= at && at < w.To), 1, 1);
    }
}
