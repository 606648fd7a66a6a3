using Astraea.Cli.Demo.Plan;

namespace Astraea.Client.Tests.Demo;

public sealed class LiveContextsTests
{
    [Fact]
    public void Requests_that_do_not_overlap_are_not_added() =>
        Assert.Equal(100, LiveContexts.FluidPeak([Job(0, (1, 0, 100)), Job(2, (1, 0, 80))], 2), 1e-6);

    [Fact]
    public void Requests_that_overlap_are_added_and_grow_by_segment() =>
        // Each runs at full speed: first in its tool wait from 1 to 2, then with 150; second from 0.5 to 2.5 with 80.
        Assert.Equal(230, LiveContexts.FluidPeak([Job(0, (1, 1, 100), (1, 0, 150)), Job(0.5, (2, 0, 80))], 2), 1e-6);

    [Fact]
    public void Requests_that_share_capacity_live_longer_and_so_overlap()
    {
        FluidJob[] jobs = [Job(0, (1, 0, 100)), Job(0.9, (1, 0, 100)), Job(1.5, (1, 0, 100))];
        // Alone each takes a second, so at most two are there at once; at half speed the first is still there when the third comes.
        Assert.Equal(200, LiveContexts.FluidPeak(jobs, 3), 1e-6);
        Assert.Equal(300, LiveContexts.FluidPeak(jobs, 0.5), 1e-6);
    }

    [Fact]
    public void Waiting_counts_as_live() =>
        Assert.Equal(150, LiveContexts.FluidPeak([Job(0, (0.1, 5, 100), (0.1, 0, 100)), Job(3, (0.1, 0, 50))], 2), 1e-6);

    [Fact]
    public void A_peak_of_changes_does_not_count_what_leaves_when_other_things_come() =>
        Assert.Equal(7, LiveContexts.Peak([(0, 5), (1, -5), (1, 7), (2, -7)]));

    private static FluidJob Job(double arrival, params (double Work, double Wait, int Context)[] stretches) =>
        new(arrival, [.. stretches.Select(static s => new FluidStretch(s.Work, s.Wait, s.Context))]);
}
