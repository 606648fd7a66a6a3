using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Astraea.Grains.Orleans.Contracts;
using Astraea.Grains.Orleans.Contracts.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Astraea.Grains.Orleans;

/// <summary>Puts the Orleans shell into a silo.</summary>
public static class OrleansShell
{
    /// <summary>
    /// Registers <see cref="IAgentRequests"/> and <see cref="IClusterScheduler"/> of the cluster and, on control silos, the grains behind them. The host brings
    /// <see cref="IHistoryStore"/>, <see cref="ISchedulerEpochs"/>, <see cref="ISchedulingPolicy"/> and <see cref="TicketSigner"/> to control silos, and may bring
    /// <see cref="SchedulerOptions"/>, <see cref="AgentRequestOptions"/>, <see cref="ShellOptions"/> and a <see cref="TimeProvider"/>.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="pool">The pool whose scheduler this process talks to.</param>
    /// <param name="isControl">Whether grains may be activated here: a device fault on a worker must not kill actors.</param>
    public static ISiloBuilder AddAstraeaGrains(this ISiloBuilder silo, PoolId pool, bool isControl)
    {
        IServiceCollection services = silo.Services;
        services.AddAstraeaWire();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IAgentRequests>(s => new GrainAgentRequests(s.GetRequiredService<IGrainFactory>()));
        services.AddSingleton<IClusterScheduler>(s => new GrainClusterScheduler(s.GetRequiredService<IGrainFactory>(), pool));
        silo.AddActivityPropagation();
        silo.AddIncomingGrainCallFilter<TenancyFilter>();
        if (isControl)
            AddControl(services);
        else
            services.Configure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Assembly == typeof(OrleansShell).Assembly));
        return silo;
    }

    private static void AddControl(IServiceCollection services)
    {
        services.TryAddSingleton(new ShellOptions());
        services.TryAddSingleton(new SchedulerOptions());
        services.TryAddSingleton(AgentRequestOptions.Default);
        services.TryAddSingleton(s => new DriverEnvironment(
            s.GetRequiredService<TimeProvider>(), Guid.NewGuid, s.GetRequiredService<ILoggerFactory>().CreateLogger("Astraea.Grains")));
        services.AddSingleton(s =>
        {
            IGrainFactory grains = s.GetRequiredService<IGrainFactory>();
            return new RequestActivator(
                s.GetRequiredService<IHistoryStore>(), new AgentRequestMachine(s.GetRequiredService<AgentRequestOptions>()),
                pool => new GrainClusterScheduler(grains, pool), s.GetRequiredService<ShellOptions>(), s.GetRequiredService<DriverEnvironment>());
        });
        services.AddSingleton<SchedulerActivator>();
        services.TryAddSingleton<Departure>();
    }
}
