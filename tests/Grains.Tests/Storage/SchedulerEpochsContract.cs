using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Tests.Storage;

/// <summary>What every store of scheduler epochs promises.</summary>
public abstract class SchedulerEpochsContract
{
    private static readonly PoolId s_pool = new("pool");

    /// <summary>The store under test, empty.</summary>
    protected abstract ISchedulerEpochs Epochs { get; }

    [Fact]
    public async Task A_pool_without_a_scheduler_is_in_epoch_zero() => Assert.Equal(0, await Epochs.CurrentAsync(s_pool, CancellationToken.None));

    [Fact]
    public async Task Each_taker_gets_a_higher_epoch_and_pools_count_for_themselves()
    {
        Assert.Equal(1, await Epochs.TakeAsync(s_pool, CancellationToken.None));
        Assert.Equal(2, await Epochs.TakeAsync(s_pool, CancellationToken.None));
        Assert.Equal(1, await Epochs.TakeAsync(new PoolId("other"), CancellationToken.None));
        Assert.Equal(2, await Epochs.CurrentAsync(s_pool, CancellationToken.None));
    }

    [Fact]
    public async Task Takers_at_the_same_time_get_different_epochs()
    {
        long[] taken = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => Epochs.TakeAsync(s_pool, CancellationToken.None))));
        Assert.Equal(Enumerable.Range(1, 32).Select(n => (long)n), taken.Order());
        Assert.Equal(32, await Epochs.CurrentAsync(s_pool, CancellationToken.None));
    }
}
