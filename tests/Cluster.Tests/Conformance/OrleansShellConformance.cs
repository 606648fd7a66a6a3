using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Astraea.Grains.Orleans;
using Astraea.Grains.Tests.Conformance;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace Astraea.Cluster.Tests.Conformance;

public sealed class OrleansShellConformance : ShellContract
{
    protected override async Task<IShellUnderTest> StartAsync()
    {
        Silos silos = new();
        await silos.StartAsync();
        return silos;
    }

    /// <summary>Two control silos and one that holds no grains, over one store; callers sit on the last.</summary>
    private sealed class Silos : IShellUnderTest
    {
        private readonly InMemoryHistoryStore _store = new();
        private InProcessTestCluster _cluster = null!;
        private InProcessSiloHandle _outside = null!;

        public IAgentRequests Requests => Outside.GetRequiredService<IAgentRequests>();

        public IClusterScheduler Scheduler => Outside.GetRequiredService<IClusterScheduler>();

        private IServiceProvider Outside => _outside.ServiceProvider;

        public async Task StartAsync()
        {
            InProcessTestClusterBuilder builder = new(3);
            builder.ConfigureSilo((options, silo) =>
            {
                silo.Services.AddSingleton<IHistoryStore>(_store);
                silo.Services.AddSingleton<ISchedulerEpochs>(_store);
                silo.Services.AddSingleton(SchedulingPolicies.Create("astraea"));
                silo.Services.AddSingleton(ContractTimes.Scheduler);
                silo.Services.AddSingleton(new TicketSigner(new byte[32]));
                silo.Services.AddSingleton(new ShellOptions { SweepEvery = TimeSpan.FromMilliseconds(200) });
                silo.Configure<ClusterMembershipOptions>(m => (m.ProbeTimeout, m.NumMissedProbesLimit) = (TimeSpan.FromSeconds(1), 2));
                silo.AddAstraeaGrains(ContractTimes.Pool, isControl: !options.SiloName.EndsWith('2'));
            });
            _cluster = builder.Build();
            await _cluster.DeployAsync();
            _outside = _cluster.Silos.Single(s => s.Name.EndsWith('2'));
        }

        public async Task CrashAsync()
        {
            foreach (InProcessSiloHandle control in _cluster.Silos.Where(s => s != _outside).ToArray())
                await _cluster.KillSiloAsync(control);
            await _cluster.StartAdditionalSiloAsync();
        }

        public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();
    }
}
