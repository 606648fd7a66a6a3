using Astraea.Grains.Driver;
using Astraea.Grains.Tests.Storage;
using Astraea.Silo.Storage;

namespace Astraea.Silo.Tests.Storage;

/// <summary>The SQLite store keeps the promises of every store.</summary>
public sealed class SqliteHistoryStoreContract : HistoryStoreContract, IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly SqliteHistoryStore _store;

    public SqliteHistoryStoreContract() => _store = _folder.Open();

    protected override IHistoryStore Store => _store;

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }
}
