using Astraea.Core.Lifecycle;

namespace Astraea.Grains.Driver;

/// <summary>Counts the schedulers a pool has had, so that an older one that still believes it is in office can be told by its number.</summary>
public interface ISchedulerEpochs
{
    /// <summary>Begins an epoch: a number above every one taken for this pool before, by any process. Durable when it returns.</summary>
    /// <exception cref="HistoryUnavailableException">The store cannot say; a number may have been used up.</exception>
    Task<long> TakeAsync(PoolId pool, CancellationToken cancellation);

    /// <summary>The newest epoch of a pool; 0 when none was ever taken.</summary>
    /// <exception cref="HistoryUnavailableException">The store cannot say.</exception>
    Task<long> CurrentAsync(PoolId pool, CancellationToken cancellation);
}
