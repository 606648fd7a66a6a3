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
        double jobs = traffic.Sessions.Where(s => s.ArrivalSeconds < traffic.MeasureUntil).Sum(static s => s.Jobs.Length);
        Assert.InRange(jobs, 850, 1_150);
        Assert.Equal(0.2 * traffic.MeasureUntil, traffic.MeasureFrom, 9);
        Assert.True(traffic.Sessions[^1].ArrivalSeconds > 1.8 * traffic.MeasureUntil);
        Assert.True(traffic.StopAt > traffic.Sessions[^1].ArrivalSeconds);
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

    private static Traffic Make(Demand demand) => Traffic.Make(_workload, demand, HardwareProfiles.H100With8B, 1);

    private static double Work(SimulatedSession session) => session.Jobs.Sum(static j => SessionMeasures.IsolatedSeconds(j, HardwareProfiles.H100With8B));
}
