// Appends until it is killed. Usage: astraea-store-writer FILE|postgres HISTORIES FIRST
// With postgres, the connection string is in ASTRAEA_STORE_WRITER_POSTGRES.
// One line "HISTORY VERSION" on stdout follows each acknowledgement; FIRST is the version each history has already.
// Usage: astraea-store-writer server FOLDER: starts a private PostgreSQL server there, prints how to connect, and waits to be killed.
// With HISTORIES = 0: makes one append to "lost-ack", prints "written", and never acknowledges it.
using Astraea.Cli.Cluster;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage;
using Astraea.Silo.Storage.Postgres;

if (args[0] == "server")
{
    PostgresServer server = await PostgresServer.StartAsync(args[1], CancellationToken.None);
    Console.WriteLine(server.ConnectionString());
    await Task.Delay(Timeout.Infinite);
}
IHistoryStore store = args[0] == "postgres"
    ? await PostgresHistoryStore.OpenAsync(new PostgresHistoryOptions { ConnectionString = Environment.GetEnvironmentVariable("ASTRAEA_STORE_WRITER_POSTGRES")! })
    : SqliteHistoryStore.Open(new SqliteHistoryOptions { Path = args[0] });
int histories = int.Parse(args[1]);
if (histories == 0)
{
    await store.AppendAsync(Append("lost-ack", 0, Guid.Empty), CancellationToken.None);
    Console.WriteLine("written");
    await Task.Delay(Timeout.Infinite);
}
await Task.WhenAll(Enumerable.Range(0, histories).Select(i => AppendForEverAsync(store, $"history-{i}", long.Parse(args[2]))));

static async Task AppendForEverAsync(IHistoryStore store, string key, long first)
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
