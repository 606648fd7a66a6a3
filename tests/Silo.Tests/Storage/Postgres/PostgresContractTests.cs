using System.Reflection;
using Astraea.Grains.Driver;
using Astraea.Grains.Tests.Storage;
using Astraea.Silo.Storage.Postgres;

namespace Astraea.Silo.Tests.Storage.Postgres;

/// <summary>The PostgreSQL store keeps the promises of every store. Each promise is a case of its own, so that all are skipped visibly where there is no server.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgresContractTests(PostgresFixture postgres) : IAsyncLifetime
{
    private PostgresHistoryStore? _store;

    public static TheoryData<string> HistoryPromises => Promises<HistoryStoreContract>();

    public static TheoryData<string> EpochPromises => Promises<SchedulerEpochsContract>();

    public async Task InitializeAsync() => _store = await PostgresFixture.OpenAsync(await postgres.NewDatabaseAsync());

    public async Task DisposeAsync() => await _store!.DisposeAsync();

    [PostgresTheory]
    [MemberData(nameof(HistoryPromises))]
    public Task Histories_on_PostgreSQL(string promise) => KeepAsync(new Histories(_store!), promise);

    [PostgresTheory]
    [MemberData(nameof(EpochPromises))]
    public Task Epochs_on_PostgreSQL(string promise) => KeepAsync(new SchedulerEpochs(_store!), promise);

    private static TheoryData<string> Promises<TContract>() =>
        [.. typeof(TContract).GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null).Select(m => m.Name)];

    private static Task KeepAsync(object contract, string promise) => (Task)contract.GetType().GetMethod(promise)!.Invoke(contract, null)!;

    // Not public, so that no runner finds the inherited facts by themselves.
    private sealed class Histories(IHistoryStore store) : HistoryStoreContract
    {
        protected override IHistoryStore Store => store;
    }

    private sealed class SchedulerEpochs(ISchedulerEpochs epochs) : SchedulerEpochsContract
    {
        protected override ISchedulerEpochs Epochs => epochs;
    }
}
