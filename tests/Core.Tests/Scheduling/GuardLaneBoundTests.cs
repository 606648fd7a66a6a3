using Astraea.Core.Determinism;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>ADR-0010: no open wait exceeds B = D·s + (lane work ahead)/(φ·capacity), whatever arrives in whatever order and however the policy ranks outside the lane.</summary>
public class GuardLaneBoundTests
{
    public enum Pattern
    {
        /// <summary>Large requests all at once, then a stream of small ones that every rank prefers.</summary>
        ElephantsFirst,

        /// <summary>Many tools that answer at the same moments.</summary>
        SynchronisedReturns,

        /// <summary>Somebody sends far more than the worker can do, beside a few requests of others.</summary>
        Flood,
    }

    [Theory]
    [InlineData(Pattern.ElephantsFirst, 10, 0.25, 1)]
    [InlineData(Pattern.ElephantsFirst, 3, 0.5, 2)]
    [InlineData(Pattern.SynchronisedReturns, 10, 0.25, 3)]
    [InlineData(Pattern.SynchronisedReturns, 5, 0.1, 4)]
    [InlineData(Pattern.Flood, 10, 0.25, 5)]
    [InlineData(Pattern.Flood, 4, 0.4, 6)]
    public void No_open_wait_exceeds_the_bound(Pattern pattern, double after, double share, ulong seed)
    {
        VirtualCluster cluster = Arrivals(pattern, new HierarchicalHrrn(new() { GuardAfter = after, GuardShare = share }), seed);
        Assert.True(cluster.Run(4000), "everything completes");
        Assert.Contains(cluster.Waits, w => w.LaneAheadSeconds is not null);
        foreach (EndedWait wait in cluster.Waits)
        {
            // A few steps go by between deciding, offering and starting.
            double bound = after * wait.IsolatedSeconds + (wait.LaneAheadSeconds ?? 0) / share + 4 * VirtualCluster.Step;
            Assert.True(wait.Seconds <= bound, $"{wait} exceeds {bound}");
        }
    }

    /// <summary>The lane is what bounds it: without, the same arrivals make somebody wait far beyond.</summary>
    [Fact]
    public void Without_the_lane_the_bound_does_not_hold()
    {
        HierarchicalHrrnOptions alone = new() { GuardAfter = double.PositiveInfinity, GuardShare = 0, AgingRatio = 1e9, Exponent = WaitExponent.Zero };
        VirtualCluster cluster = Arrivals(Pattern.ElephantsFirst, new HierarchicalHrrn(alone), 1);
        Assert.True(cluster.Run(4000), "everything completes");
        Assert.Contains(cluster.Waits, w => w.Seconds > 20 * w.IsolatedSeconds + 10);
    }

    private static VirtualCluster Arrivals(Pattern pattern, ISchedulingPolicy policy, ulong seed)
    {
        var cluster = new VirtualCluster(policy);
        cluster.AddWorker("w0", blocks: 160, slots: 4);
        SeededGenerator random = new SeedTree(seed).Child("arrivals").Generator();
        int id = 0;
        // A second late: the scheduler knows by then what the worker's tokens cost, and the D that it counts is the one checked here.
        void Add(double at, string category, params ScriptSegment[] segments) => cluster.Add(new Script(++id, 1 + at, category, [.. segments]));
        switch (pattern)
        {
            case Pattern.ElephantsFirst:
                for (int i = 0; i < 10; i++)
                    Add(0, "elephant", new ScriptSegment(300, 150, 1), new ScriptSegment(200, 150, null));
                for (int i = 0; i < 150; i++)
                    Add(0.1 + 0.35 * i, "mouse", new ScriptSegment(20, 20 + random.NextInt(20), null));
                break;
            case Pattern.SynchronisedReturns:
                for (int i = 0; i < 40; i++)
                {
                    double start = 0.01 * i;
                    Add(start, "chorus", new ScriptSegment(40, 5 + random.NextInt(10), 60 - start), new ScriptSegment(40, 5 + random.NextInt(60), 60), new ScriptSegment(30, 20, null));
                }
                break;
            default:
                for (int i = 0; i < 120; i++)
                    Add(0.02 * i, "flood", new ScriptSegment(30 + random.NextInt(100), 10 + random.NextInt(60), null));
                for (int i = 0; i < 10; i++)
                    Add(5 * i, "other", new ScriptSegment(100, 30, 2), new ScriptSegment(50, 30, null));
                break;
        }
        return cluster;
    }
}
