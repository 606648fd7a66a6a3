using System.Diagnostics;
using Astraea.Grains.Driver;
using Astraea.Silo.Storage;
using static Astraea.Silo.Tests.Storage.StoreFolder;

namespace Astraea.Silo.Tests.Storage;

/// <summary>A process that appends is killed without warning; what it had acknowledged must be there, once.</summary>
public sealed class KillTests : IDisposable
{
    private const int Histories = 24;
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_acknowledged_append_survives_kill_and_none_is_there_twice()
    {
        var acknowledged = new Dictionary<string, long>();
        for (int round = 0; round < 5; round++)
        {
            long first = acknowledged.Count == 0 ? 0 : acknowledged.Values.Min();
            using (Process child = Start(Histories, first))
                await StoreWriterProcess.KillAfterAsync(child, acknowledged, lines: 200 + 97 * round);
            using SqliteHistoryStore store = _folder.Open();
            Assert.Equal(Histories, acknowledged.Count);
            foreach ((string key, long version) in acknowledged)
            {
                string[] events = await ReadAllAsync(store, key);
                Assert.True(events.Length >= version, $"{key}: {version} acknowledged, {events.Length} there");
                Assert.Equal(Enumerable.Range(1, events.Length).Select(v => $"{key}:{v}"), events);
            }
        }
    }

    [Fact]
    public async Task An_append_killed_between_commit_and_acknowledgement_is_recognised_when_it_is_sent_again()
    {
        using (Process child = Start(0, 0))
        {
            Assert.Equal("written", await child.StandardOutput.ReadLineAsync());
            child.Kill();
            await child.WaitForExitAsync();
        }
        using SqliteHistoryStore store = _folder.Open();
        var again = new HistoryAppend("lost-ack", 0, Guid.Empty, [Data("lost-ack:1")], null);
        Assert.Equal(AppendOutcome.Committed, await store.AppendAsync(again, CancellationToken.None));
        Assert.Equal(["lost-ack:1"], await ReadAllAsync(store, "lost-ack"));
    }

    [Fact]
    public async Task While_one_process_has_the_file_another_is_refused()
    {
        using Process child = Start(0, 0);
        Assert.Equal("written", await child.StandardOutput.ReadLineAsync());
        Assert.Contains("in use", Assert.Throws<HistoryUnavailableException>(_folder.Open).Message, StringComparison.Ordinal);
        child.Kill();
        await child.WaitForExitAsync();
        _folder.Open().Dispose();
    }

    private Process Start(int histories, long first) => StoreWriterProcess.Start([_folder.Database, $"{histories}", $"{first}"]);
}
