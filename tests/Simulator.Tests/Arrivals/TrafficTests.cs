using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Hardware;
using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Tests.Arrivals;

public sealed class TrafficTests
{
    private static readonly SessionWorkload _workload = SyntheticSessions.Create(SyntheticSessions.Service, 3, 200);

    public static TheoryData<ArrivalProcess> Processes => [new ArrivalProcess.Poisson(), new ArrivalProcess.Bursts(10), new ArrivalProcess.Replayed([0, 1, 1.5, 7, 20])];

    [Theory]
    [MemberData(nameof(Processes))]
    public void Arrivals_ascend_at_the_rate_asked_for(ArrivalProcess process)
    {
        double[] moments = [.. process.Moments(4, 9).Take(20_000)];
        Assert.Equal(moments.Order(), moments);
        Assert.InRange(moments[^1], 4_700, 5_300);
        Assert.Equal(moments, process.Moments(4, 9).Take(20_000));
        Assert.NotEqual(moments.Take(100), process.Moments(4, 10).Take(100));
    }

    [Fact]
    public void Traffic_lasts_longer_than_it_is_measured()
    {
        Traffic traffic = Make(new Demand(2, 1_000));
        Assert.InRange(traffic.Sessions.Where(s => s.ArrivalSeconds < traffic.MeasureUntil).SelectMany(Arrivals).Count(at => at < traffic.MeasureUntil), 850, 1_150);
        Assert.Equal(0.2 * traffic.MeasureUntil, traffic.MeasureFrom, 9);
        Assert.True(traffic.Sessions[^1].ArrivalSeconds > 1.8 * traffic.MeasureUntil);
        Assert.True(traffic.StopAt > traffic.Sessions[^1].ArrivalSeconds);
    }

    [Fact]
    public void As_many_jobs_arrive_at_the_beginning_as_at_the_end()
    {
        Traffic traffic = Make(new Demand(2, 6_000));
        double[] arrivals = [.. traffic.Sessions.SelectMany(Arrivals).Where(at => at < traffic.MeasureUntil)];
        double early = arrivals.Count(at => at < traffic.MeasureUntil / 10);
        Assert.InRange(early / arrivals.Length, 0.08, 0.12);
        Assert.Equal(traffic.Sessions.Select(static s => s.ArrivalSeconds).Order(), traffic.Sessions.Select(static s => s.ArrivalSeconds));
    }

    [Fact]
    public void A_session_under_way_goes_on_with_what_has_not_begun_and_computes_its_context_again()
    {
        SimulatedSession session = new("s", "t", "c", 0, null, 0,
        [
            new SimulatedJob(0, [new SimulatedSegment(0, 100, 10, "tool", 5), new SimulatedSegment(110, 10, 10, null, 0)]),
            new SimulatedJob(1_000, [new SimulatedSegment(130, 20, 10, null, 0)]),
        ]);
        SimulatedSession later = UnderWay.At(session, 500, HardwareProfiles.H100With8B)!;
        Assert.Equal(new SimulatedSegment(0, 150, 10, null, 0), Assert.Single(later.Jobs).Segments[0]);
        Assert.InRange(later.ArrivalSeconds, 505, 506);
        Assert.Equal(0, later.Jobs[0].PauseSeconds);
        SimulatedSession earlier = UnderWay.At(session, 2, HardwareProfiles.H100With8B)!;
        Assert.Equal([new SimulatedSegment(0, 120, 10, null, 0)], earlier.Jobs[0].Segments.ToArray());
        Assert.InRange(earlier.ArrivalSeconds, 3, 4);
        Assert.Equal(1_000, earlier.Jobs[1].PauseSeconds);
        Assert.Null(UnderWay.At(session, 1_100, HardwareProfiles.H100With8B));
    }

    [Fact]
    public void Elephants_come_first_and_nothing_else_changes()
    {
        Traffic drawn = Make(new Demand(2, 1_000)), elephants = Make(new Demand(2, 1_000) { Pattern = ArrivalPattern.ElephantsFirst });
        Assert.Equal(drawn.Sessions.Select(static s => s.ArrivalSeconds), elephants.Sessions.Select(static s => s.ArrivalSeconds));
        Assert.Equal(drawn.Sessions.Select(static s => s.Id).Order(), elephants.Sessions.Select(static s => s.Id).Order());
        Assert.True(Work(elephants.Sessions[0]) > Work(elephants.Sessions[99]));
    }

    [Fact]
    public void Returns_are_together_on_the_minute()
    {
        Traffic together = Make(new Demand(2, 500) { Pattern = ArrivalPattern.SynchronisedReturns });
        Assert.All(together.Sessions, static s => Assert.Equal(0, s.ArrivalSeconds % 60));
        Assert.All(together.Sessions.SelectMany(static s => s.Jobs).SelectMany(static j => j.Segments), static s => Assert.Equal(0, s.ToolSeconds % 60));
    }

    [Fact]
    public void A_flooding_tenant_sends_most_of_the_middle_third()
    {
        Traffic flood = Make(new Demand(2, 3_000) { Tenants = 4, Pattern = ArrivalPattern.TenantFloods });
        double third = flood.MeasureUntil / 3;
        Assert.InRange(Share(s => s.ArrivalSeconds < third), 0.15, 0.35);
        Assert.InRange(Share(s => s.ArrivalSeconds >= third && s.ArrivalSeconds < 2 * third), 0.75, 0.95);

        double Share(Func<SimulatedSession, bool> when)
        {
            SimulatedSession[] sessions = [.. flood.Sessions.Where(when)];
            return sessions.Count(static s => s.Tenant == "tenant-0") / (double)sessions.Length;
        }
    }

    // When nothing ever waits.
    private static IEnumerable<double> Arrivals(SimulatedSession session)
    {
        double at = session.ArrivalSeconds;
        foreach (SimulatedJob job in session.Jobs)
        {
            at += job.PauseSeconds;
            yield return at;
            at += job.ToolSeconds + SessionMeasures.IsolatedSeconds(job, HardwareProfiles.H100With8B);
        }
    }

    private static Traffic Make(Demand demand) => Traffic.Make(_workload, demand, HardwareProfiles.H100With8B, 1);

    private static double Work(SimulatedSession session) => session.Jobs.Sum(static j => SessionMeasures.IsolatedSeconds(j, HardwareProfiles.H100With8B));
}
