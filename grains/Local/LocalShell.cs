using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Astraea.Grains.Local;

/// <summary>The embedded shell of a host: recovers all live requests before anything else starts, then sweeps until it stops.</summary>
public sealed class LocalShell(
    LocalAgentRequests requests, SchedulerActivation scheduler, ShellOptions options, DriverEnvironment environment) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _sweeps = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await requests.RecoverAsync(cancellationToken);
        scheduler.Forgot += requests.TellAgain;
        _sweeps = SweepAsync();
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _sweeps;
        scheduler.Forgot -= requests.TellAgain;
        await requests.StopAsync();
        await scheduler.StopAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private async Task SweepAsync()
    {
        try
        {
            while (true)
            {
                // Not a PeriodicTimer: when it is dropped, its finalizer completes the wait on a foreign thread (found by tests/Simulation).
                await Task.Delay(options.SweepEvery, environment.Time, _stopping.Token);
                try
                {
                    await requests.SweepAsync(_stopping.Token);
                    await scheduler.SweepAsync(_stopping.Token);
                }
                catch (AgentUnavailableException fault)
                {
                    LocalLog.SweepFailed(environment.Log, fault);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }
}

/// <summary>Puts the local shell into a host.</summary>
public static class LocalShellServices
{
    /// <summary>
    /// Registers <see cref="IAgentRequests"/>, <see cref="IClusterScheduler"/> and the hosted service that recovers and sweeps. The host brings
    /// <see cref="IHistoryStore"/>, <see cref="ISchedulingPolicy"/> and <see cref="TicketSigner"/>, and may bring <see cref="SchedulerOptions"/>,
    /// <see cref="AgentRequestOptions"/>, <see cref="ShellOptions"/> and a <see cref="TimeProvider"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="pool">The one pool of this process.</param>
    public static IServiceCollection AddLocalShell(this IServiceCollection services, PoolId pool)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new ShellOptions());
        services.TryAddSingleton(AgentRequestOptions.Default);
        services.TryAddSingleton(s => new DriverEnvironment(
            s.GetRequiredService<TimeProvider>(), Guid.NewGuid, s.GetRequiredService<ILoggerFactory>().CreateLogger("Astraea.Grains")));
        services.AddSingleton(s => NewScheduler(s, pool));
        services.AddSingleton<IClusterScheduler>(s => s.GetRequiredService<SchedulerActivation>());
        services.AddSingleton(NewRequests(pool));
        services.AddSingleton<IAgentRequests>(s => s.GetRequiredService<LocalAgentRequests>());
        return services.AddHostedService<LocalShell>();
    }

    private static Func<IServiceProvider, LocalAgentRequests> NewRequests(PoolId pool) => s =>
    {
        SchedulerActivation scheduler = s.GetRequiredService<SchedulerActivation>();
        return new LocalAgentRequests(new RequestActivator(
            s.GetRequiredService<IHistoryStore>(), new AgentRequestMachine(s.GetRequiredService<AgentRequestOptions>()),
            named => named == pool ? scheduler : null, s.GetRequiredService<ShellOptions>(), s.GetRequiredService<DriverEnvironment>()));
    };

    private static SchedulerActivation NewScheduler(IServiceProvider services, PoolId pool)
    {
        DriverEnvironment environment = services.GetRequiredService<DriverEnvironment>();
        // One process after another on one disk: the clock is a good enough epoch. A cluster takes a row in its database.
        long epoch = environment.Time.GetUtcNow().ToUnixTimeMilliseconds();
        SchedulerMachine machine = new(
            services.GetRequiredService<ISchedulingPolicy>(), services.GetService<SchedulerOptions>(), epoch);
        return new SchedulerActivation(
            pool, machine, services.GetRequiredService<TicketSigner>(), services.GetRequiredService<ShellOptions>(), environment);
    }
}
