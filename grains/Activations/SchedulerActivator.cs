using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Activations;

/// <summary>Brings the scheduler of a pool to life wherever it is wanted: a new epoch, one query of the live index, and from then on a sweep.</summary>
/// <param name="store">The live index.</param>
/// <param name="epochs">Fences an older scheduler of the same pool.</param>
/// <param name="policy">How segments are ranked.</param>
/// <param name="scheduler">Bounds and times of the machine.</param>
/// <param name="signer">Signs migration tickets.</param>
/// <param name="requests">Wakes what is due.</param>
/// <param name="options">Times and bounds.</param>
/// <param name="environment">Clock and log.</param>
public sealed class SchedulerActivator(
    IHistoryStore store, ISchedulerEpochs epochs, ISchedulingPolicy policy, SchedulerOptions scheduler, TicketSigner signer,
    IAgentRequests requests, ShellOptions options, DriverEnvironment environment)
{
    /// <summary>Times and bounds.</summary>
    public ShellOptions Options => options;

    /// <summary>Takes an epoch, reads everything live in the pool, and answers pulls from then on.</summary>
    /// <exception cref="HistoryUnavailableException">The store cannot say what is live.</exception>
    public async Task<RunningScheduler> StartAsync(PoolId pool, CancellationToken cancellation)
    {
        long started = environment.Time.GetTimestamp();
        long epoch = await epochs.TakeAsync(pool, cancellation);
        SchedulerActivation activation = new(pool, new SchedulerMachine(policy, scheduler, epoch), signer, options, environment);
        RunningScheduler running = new(pool, epoch, activation, store, epochs, requests, environment);
        int live = await running.ReadAsync(cancellation);
        TimeSpan took = environment.Time.GetElapsedTime(started);
        ActivationLog.SchedulerStarted(environment.Log, pool, epoch, live, took);
        return running;
    }
}
