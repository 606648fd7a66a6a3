using Astraea.Grains.Driver;
using Astraea.Grains.Local;

namespace Astraea.Grains.Tests.Storage;

public sealed class InMemoryHistoryStoreTests : HistoryStoreContract
{
    protected override IHistoryStore Store { get; } = new InMemoryHistoryStore();
}

public sealed class InMemorySchedulerEpochsTests : SchedulerEpochsContract
{
    protected override ISchedulerEpochs Epochs { get; } = new InMemoryHistoryStore();
}
