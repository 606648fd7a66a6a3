using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;
using Microsoft.Extensions.Logging.Abstractions;

namespace Astraea.Simulation.Tests;

/// <summary>One life of the control process: the real shell, driver, request machine and scheduler machine, on simulated time and disk.</summary>
internal sealed class ControlNode
{
    private readonly LocalAgentRequests _requests;
    private readonly World _world;

    public ControlNode(World world, long epoch)
    {
        _world = world;
        Process = new SimProcess($"control{epoch}", world.Pump);
        SimTime time = new(world.Clock, Process, world.Faults.ClockError());
        DriverEnvironment environment = new(time, world.Faults.NewGuid, NullLogger.Instance);
        ShellOptions options = new() { TailEvents = 6, PassivateAfter = TimeSpan.FromSeconds(8) };
        SchedulerMachine machine = new(SchedulingPolicies.Create(world.Policy), epoch: epoch);
        Scheduler = new SchedulerActivation(World.Pool, machine, new TicketSigner(new byte[32]), options, environment);
        _requests = new LocalAgentRequests(new RequestActivator(world.Store.Connect(Process), world.Machine, _ => Scheduler, options, environment));
        LocalShell shell = new(_requests, Scheduler, options, environment);
        Process.Start(() => StartAsync(shell, time));
    }

    public SimProcess Process { get; }

    /// <summary>Whether it has recovered and hears messages.</summary>
    public bool IsUp { get; private set; }

    public SchedulerActivation Scheduler { get; }

    public IAgentRequest Get(RequestId id) => _requests.Get(id);

    private async Task StartAsync(LocalShell shell, TimeProvider time)
    {
        while (true)
        {
            try
            {
                await shell.StartAsync(default);
                break;
            }
            catch (AgentUnavailableException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }
        IsUp = true;
        if (_requests.ActiveCount > 0)
            Marks.Hit(Marks.Recovered);
        _world.Log($"{Process.Name} is up with {_requests.ActiveCount} live requests");
    }
}
