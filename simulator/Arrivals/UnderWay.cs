using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Arrivals;

/// <summary>Sessions that began before the run.</summary>
internal static class UnderWay
{
    /// <summary>How long a session lasts when it never waits (s).</summary>
    public static double AloneSeconds(SimulatedSession session, HardwareProfile hardware) => session.Jobs.Sum(j => j.PauseSeconds + AloneSeconds(j, hardware));

    /// <summary>How long a job lasts when it never waits (s).</summary>
    public static double AloneSeconds(SimulatedJob job, HardwareProfile hardware) => job.ToolSeconds + SessionMeasures.IsolatedSeconds(job, hardware);

    /// <summary>What is left of a session that began so long ago and never waited: the segments that have not begun. The first of them computes the whole context.</summary>
    /// <param name="session">The session.</param>
    /// <param name="agoSeconds">When it began, before the run (s).</param>
    /// <param name="hardware">Where it ran.</param>
    /// <returns>Null when its last segment has begun already.</returns>
    public static SimulatedSession? At(SimulatedSession session, double agoSeconds, HardwareProfile hardware)
    {
        double begins = -agoSeconds;
        for (int index = 0; index < session.Jobs.Length; index++)
        {
            SimulatedJob job = session.Jobs[index];
            begins += job.PauseSeconds;
            for (int segment = 0; segment < job.Segments.Length; segment++)
            {
                if (begins >= 0)
                    return session with { ArrivalSeconds = begins, Jobs = [From(job, segment), .. session.Jobs.AsSpan()[(index + 1)..]] };
                begins += SessionMeasures.IsolatedSeconds(job.Segments[segment], hardware) + job.Segments[segment].ToolSeconds;
            }
        }
        return null;
    }

    private static SimulatedJob From(SimulatedJob job, int segment)
    {
        SimulatedSegment first = job.Segments[segment];
        return new SimulatedJob(0, [first with { Kept = 0, New = first.Kept + first.New }, .. job.Segments.AsSpan()[(segment + 1)..]]);
    }
}
