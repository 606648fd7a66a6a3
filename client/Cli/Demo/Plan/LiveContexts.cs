using System.Collections.Immutable;

namespace Astraea.Cli.Demo.Plan;

/// <summary>A request as the fluid model sees it: stretches of work, each followed by a wait.</summary>
/// <param name="Arrival">Seconds from the start.</param>
/// <param name="Stretches">In order.</param>
internal sealed record FluidJob(double Arrival, ImmutableArray<FluidStretch> Stretches);

/// <summary>One segment and the tool behind it.</summary>
/// <param name="Work">Seconds alone on an idle worker (s).</param>
/// <param name="Wait">Tool time behind it (s).</param>
/// <param name="Context">Tokens of its input: what its KV holds at least while it runs and waits (tokens).</param>
internal sealed record FluidStretch(double Work, double Wait, int Context);

/// <summary>How many tokens of context live requests have at once.</summary>
internal static class LiveContexts
{
    /// <summary>
    /// The peak over time of the sum of contexts of live requests, when all requests that compute share the node's capacity evenly, none faster than alone.
    /// A live request counts with its current input only, so the figure is rather too small, and a pool set to a share of it is no larger than that share.
    /// </summary>
    /// <param name="jobs">Requests.</param>
    /// <param name="capacity">Seconds of work alone that the node does per second when busy.</param>
    public static double FluidPeak(IReadOnlyList<FluidJob> jobs, double capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        var live = jobs.Select(static j => new Progress(j)).ToList();
        double now = 0;
        double peak = 0;
        while (live.Count > 0)
        {
            int computing = live.Count(p => p.Computes(now));
            double rate = computing == 0 ? 1 : Math.Min(1, capacity / computing);
            double next = live.Min(p => p.NextChange(now, rate));
            foreach (Progress p in live.Where(p => p.Computes(now)))
                p.WorkLeft -= (next - now) * rate;
            now = next;
            peak = Math.Max(peak, live.Where(p => p.Job.Arrival <= now).Sum(static p => (double)p.Job.Stretches[p.Stretch].Context));
            foreach (Progress p in live)
                p.Advance(now);
            live.RemoveAll(static p => p.Stretch == p.Job.Stretches.Length);
        }
        return peak;
    }

    /// <summary>The peak of a sum whose parts change at moments.</summary>
    public static double Peak(IEnumerable<(double At, double Change)> changes)
    {
        double sum = 0;
        double peak = 0;
        // At one moment what leaves goes before what comes: contexts that only touch are not held together.
        foreach ((_, double change) in changes.OrderBy(static c => c.At).ThenBy(static c => c.Change))
        {
            sum += change;
            peak = Math.Max(peak, sum);
        }
        return peak;
    }

    private sealed class Progress(FluidJob job)
    {
        private const double Done = 1e-9;

        private double _readyAt = job.Arrival;

        public FluidJob Job => job;

        public int Stretch { get; private set; }

        public double WorkLeft { get; set; } = Math.Max(job.Stretches[0].Work, Done);

        public bool Computes(double now) => _readyAt <= now;

        public double NextChange(double now, double rate) => Computes(now) ? now + WorkLeft / rate : _readyAt;

        public void Advance(double now)
        {
            if (!Computes(now) || WorkLeft > Done)
                return;
            _readyAt = now + job.Stretches[Stretch].Wait;
            Stretch++;
            if (Stretch < job.Stretches.Length)
                WorkLeft = Math.Max(job.Stretches[Stretch].Work, 2 * Done);
        }
    }
}
