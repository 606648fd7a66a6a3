using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage;

namespace Astraea.Silo.Tests.Storage;

/// <summary>A folder for one test, gone afterwards, and short ways to say what is appended.</summary>
public sealed class StoreFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-store-");

    public string Database => Path.Combine(_folder.FullName, "history.db");

    public SqliteHistoryOptions Options => new() { Path = Database, LockTimeoutSeconds = 1 };

    public SqliteHistoryStore Open() => SqliteHistoryStore.Open(Options);

    public void Dispose() => _folder.Delete(recursive: true);

    public static ReadOnlyMemory<byte> Data(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public static string Text(StoredEvent stored) => System.Text.Encoding.UTF8.GetString(stored.Data.Span);

    public static HistoryAppend Append(string key, long expected, Guid writer, params string[] events) =>
        new(key, expected, writer, [.. events.Select(Data)], Live(key, expected + events.Length));

    public static LiveRow Live(string key, long version, string pool = "pool") =>
        new(key, new PoolId(pool), new TenantId("tenant"), version, RequestPhase.Ready, 1.5, TimeSpan.FromSeconds(2), new Instant(77), null, Data($"picture of {key}"));

    public static async Task<string[]> ReadAllAsync(IHistoryStore store, string key) =>
        [.. (await store.ReadAsync(key, 0, int.MaxValue, CancellationToken.None)).Select(Text)];
}
