// Appends until it is killed. Usage: astraea-store-writer FILE HISTORIES FIRST
// One line "HISTORY VERSION" on stdout follows each acknowledgement; FIRST is the version each history has already.
// With HISTORIES = 0: makes one append to "lost-ack", prints "written", and never acknowledges it.
using Astraea.Grains.Driver;
using Astraea.Silo.Storage;

using SqliteHistoryStore store = SqliteHistoryStore.Open(new SqliteHistoryOptions { Path = args[0] });
int histories = int.Parse(args[1]);
if (histories == 0)
{
    await store.AppendAsync(Append("lost-ack", 0, Guid.Empty), CancellationToken.None);
    Console.WriteLine("written");
    await Task.Delay(Timeout.Infinite);
}
await Task.WhenAll(Enumerable.Range(0, histories).Select(i => AppendForEverAsync(store, $"history-{i}", long.Parse(args[2]))));

static async Task AppendForEverAsync(SqliteHistoryStore store, string key, long first)
{
    var writer = Guid.NewGuid();
    for (long version = (await store.ReadAsync(key, 0, int.MaxValue, CancellationToken.None)).Length; ; version++)
    {
        if (version < first)
            throw new InvalidOperationException($"{key} has {version} events; {first} were acknowledged.");
        if (await store.AppendAsync(Append(key, version, writer), CancellationToken.None) != AppendOutcome.Committed)
            throw new InvalidOperationException("A conflict without a second writer.");
        Console.WriteLine($"{key} {version + 1}");
    }
}

static HistoryAppend Append(string key, long version, Guid writer) => new(key, version, writer, [Data(key, version + 1)], null);

static ReadOnlyMemory<byte> Data(string key, long version) => System.Text.Encoding.UTF8.GetBytes($"{key}:{version}");
