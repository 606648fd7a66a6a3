using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;

namespace Astraea.Grains.Tests.Conformance;

public sealed class LocalShellConformance : ShellContract
{
    protected override async Task<IShellUnderTest> StartAsync()
    {
        LocalProcesses processes = new();
        await processes.StartAsync();
        return processes;
    }

    /// <summary>One process after another over one store.</summary>
    private sealed class LocalProcesses : IShellUnderTest
    {
        private readonly InMemoryHistoryStore _store = new();
        private LocalShell _shell = null!;
        private LocalAgentRequests _requests = null!;
        private SchedulerActivation _scheduler = null!;
        private long _epoch;

        public IAgentRequests Requests => _requests;

        public IClusterScheduler Scheduler => _scheduler;

        public async Task StartAsync()
        {
            ShellOptions options = new() { SweepEvery = TimeSpan.FromMilliseconds(200) };
            SchedulerMachine machine = new(SchedulingPolicies.Create("astraea"), ContractTimes.Scheduler, ++_epoch);
            SchedulerActivation scheduler = new(ContractTimes.Pool, machine, new TicketSigner(new byte[32]), options, DriverEnvironment.Default);
            _scheduler = scheduler;
            _requests = new LocalAgentRequests(new RequestActivator(_store, new AgentRequestMachine(), _ => scheduler, options, DriverEnvironment.Default));
            _shell = new LocalShell(_requests, scheduler, options, DriverEnvironment.Default);
            await _shell.StartAsync(default);
        }

        public async Task CrashAsync()
        {
            // Nothing durable happens on the way out, so it is a crash as far as the next process can tell.
            await _shell.StopAsync(default);
            await StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _shell.StopAsync(default);
            _shell.Dispose();
        }
    }
}
