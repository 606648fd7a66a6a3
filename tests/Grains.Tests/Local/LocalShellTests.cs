using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Astraea.Grains.Tests.Local;

public sealed class LocalShellTests
{
    [Fact]
    public async Task A_host_recovers_its_live_requests_before_it_has_started_and_its_scheduler_knows_them()
    {
        InMemoryHistoryStore store = new();
        RequestId id = new(5);
        SegmentSpec spec = new(8, 0, false, new Sampling(), [], ToolMode.None, null, null, Foreground: false);
        using (IHost first = await StartAsync(store))
        {
            RequestReply reply = await first.Services.GetRequiredService<IAgentRequests>().Get(id).SubmitAsync(
                new RequestMessage.Submit(new TenantId("t"), new PoolId("p"), "", null, null, null, "h", "[]", [1], spec), default);
            Assert.IsType<RequestReply.Accepted>(reply);
            await first.StopAsync();
        }
        using IHost second = await StartAsync(store);
        IClusterScheduler scheduler = second.Services.GetRequiredService<IClusterScheduler>();
        ClusterView view = await scheduler.ViewAsync(default);
        Assert.Equal(id, Assert.Single(view.Requests).Request);
        await second.StopAsync();
    }

    private static async Task<IHost> StartAsync(IHistoryStore store)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging().AddSingleton(store).AddSingleton(SchedulingPolicies.Create("astraea")).AddSingleton(new TicketSigner(new byte[32]));
        builder.Services.AddLocalShell(new PoolId("p"));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
