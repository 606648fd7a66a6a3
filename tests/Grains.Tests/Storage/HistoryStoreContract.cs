using System.Collections.Immutable;
using System.Text;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Tests.Storage;

/// <summary>What every history store promises. Each store has a class that derives from this one.</summary>
public abstract class HistoryStoreContract
{
    private static readonly PoolId s_pool = new("pool");

    /// <summary>The store under test, empty.</summary>
    protected abstract IHistoryStore Store { get; }

    [Fact]
    public async Task Appended_events_come_back_in_order_with_versions_from_one()
    {
        Assert.Equal(AppendOutcome.Committed, await AppendAsync("a", 0, Guid.NewGuid(), "one", "two"));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync("a", 2, Guid.NewGuid(), "three"));
        Assert.Equal([(1, "one"), (2, "two"), (3, "three")], await ReadAsync("a", 0, 100));
    }

    [Fact]
    public async Task A_history_that_was_never_written_is_empty() => Assert.Empty(await ReadAsync("never", 0, 100));

    [Fact]
    public async Task Pages_begin_behind_the_cursor_and_hold_no_more_than_asked()
    {
        await AppendAsync("a", 0, Guid.NewGuid(), [.. Enumerable.Range(1, 10).Select(i => $"e{i}")]);
        Assert.Equal([(4, "e4"), (5, "e5")], await ReadAsync("a", 3, 2));
        Assert.Equal([(10, "e10")], await ReadAsync("a", 9, 100));
        Assert.Empty(await ReadAsync("a", 10, 100));
        Assert.Empty(await ReadAsync("a", 11, 100));
    }

    [Fact]
    public async Task A_writer_that_does_not_know_the_newest_event_is_fenced()
    {
        await AppendAsync("a", 0, Guid.NewGuid(), "one", "two");
        Assert.Equal(AppendOutcome.Conflict, await AppendAsync("a", 1, Guid.NewGuid(), "other"));
        Assert.Equal(AppendOutcome.Conflict, await AppendAsync("a", 0, Guid.NewGuid(), "one", "two"));
        Assert.Equal(AppendOutcome.Conflict, await AppendAsync("a", 3, Guid.NewGuid(), "from the future"));
        Assert.Equal([(1, "one"), (2, "two")], await ReadAsync("a", 0, 100));
    }

    [Fact]
    public async Task A_fenced_append_leaves_the_live_index_alone()
    {
        Guid writer = Guid.NewGuid();
        LiveRow row = Row("a", 1);
        await Store.AppendAsync(new HistoryAppend("a", 0, writer, Bytes("one"), row), CancellationToken.None);
        await Store.AppendAsync(new HistoryAppend("a", 0, Guid.NewGuid(), Bytes("other"), null), CancellationToken.None);
        Assert.Equal(row, Assert.Single(await Store.ReadLiveAsync(s_pool, CancellationToken.None)));
    }

    [Fact]
    public async Task The_same_append_of_the_same_writer_is_committed_once()
    {
        Guid writer = Guid.NewGuid();
        Assert.Equal(AppendOutcome.Committed, await AppendAsync("a", 0, writer, "one", "two"));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync("a", 0, writer, "one", "two"));
        Assert.Equal([(1, "one"), (2, "two")], await ReadAsync("a", 0, 100));
    }

    [Fact]
    public async Task Another_append_of_the_same_writer_at_the_same_place_is_a_conflict()
    {
        Guid writer = Guid.NewGuid();
        await AppendAsync("a", 0, writer, "one", "two");
        Assert.Equal(AppendOutcome.Conflict, await AppendAsync("a", 0, writer, "one", "2"));
        Assert.Equal(AppendOutcome.Conflict, await AppendAsync("a", 0, writer, "one", "two", "three"));
        Assert.Equal([(1, "one"), (2, "two")], await ReadAsync("a", 0, 100));
    }

    [Fact]
    public async Task The_live_index_follows_the_append_and_loses_what_has_ended()
    {
        Guid writer = Guid.NewGuid();
        LiveRow first = Row("a", 1);
        await Store.AppendAsync(new HistoryAppend("a", 0, writer, Bytes("one"), first), CancellationToken.None);
        Assert.Equal(first, Assert.Single(await Store.ReadLiveAsync(null, CancellationToken.None)));
        LiveRow second = first with
        {
            Version = 2, Phase = RequestPhase.ToolWait, AttainedSeconds = 1.5, Waited = TimeSpan.FromMilliseconds(1234.5),
            ReadySince = null, NextDue = new Instant(987_654_321_012_345),
            Picture = new byte[20_000],
        };
        await Store.AppendAsync(new HistoryAppend("a", 1, writer, Bytes("two"), second), CancellationToken.None);
        Assert.Equal(second, Assert.Single(await Store.ReadLiveAsync(s_pool, CancellationToken.None)));
        await Store.AppendAsync(new HistoryAppend("a", 2, writer, Bytes("three"), null), CancellationToken.None);
        Assert.Empty(await Store.ReadLiveAsync(null, CancellationToken.None));
    }

    [Fact]
    public async Task The_live_index_can_be_read_by_pool()
    {
        await Store.AppendAsync(new HistoryAppend("a", 0, Guid.NewGuid(), Bytes("one"), Row("a", 1)), CancellationToken.None);
        LiveRow other = Row("b", 1) with { Pool = new PoolId("other") };
        await Store.AppendAsync(new HistoryAppend("b", 0, Guid.NewGuid(), Bytes("one"), other), CancellationToken.None);
        Assert.Equal(other, Assert.Single(await Store.ReadLiveAsync(new PoolId("other"), CancellationToken.None)));
        Assert.Equal(2, (await Store.ReadLiveAsync(null, CancellationToken.None)).Length);
        Assert.Empty(await Store.ReadLiveAsync(new PoolId("third"), CancellationToken.None));
    }

    [Fact]
    public async Task What_has_changed_since_a_mark_is_told_and_what_has_ended_is_not()
    {
        Guid writer = Guid.NewGuid();
        await Store.AppendAsync(new HistoryAppend("a", 0, writer, Bytes("one"), Row("a", 1)), CancellationToken.None);
        await Store.AppendAsync(new HistoryAppend("gone", 0, writer, Bytes("one"), Row("gone", 1)), CancellationToken.None);
        await Store.AppendAsync(
            new HistoryAppend("elsewhere", 0, writer, Bytes("one"), Row("elsewhere", 1) with { Pool = new PoolId("other") }), CancellationToken.None);
        LiveChanges first = await Store.ReadChangedAsync(s_pool, DateTimeOffset.MinValue, CancellationToken.None);
        Assert.Equal<IEnumerable<LiveRow>>([Row("a", 1), Row("gone", 1)], first.Rows.OrderBy(r => r.Key));
        await Store.AppendAsync(new HistoryAppend("a", 1, writer, Bytes("two"), Row("a", 2)), CancellationToken.None);
        await Store.AppendAsync(new HistoryAppend("gone", 1, writer, Bytes("end"), null), CancellationToken.None);
        LiveChanges second = await Store.ReadChangedAsync(s_pool, first.Mark, CancellationToken.None);
        Assert.Equal(Row("a", 2), Assert.Single(second.Rows));
        Assert.True(second.Mark >= first.Mark);
        Assert.Empty((await Store.ReadChangedAsync(s_pool, second.Mark.AddDays(1), CancellationToken.None)).Rows);
    }

    [Fact]
    public async Task Any_text_and_large_events_come_back_byte_for_byte()
    {
        string[] texts = ["", "naïve 東京 🚀 \u0000 \r\n \"quotes\"", new string('x', 3_000_000)];
        await AppendAsync("a", 0, Guid.NewGuid(), texts);
        Assert.Equal(texts, (await ReadAsync("a", 0, 100)).Select(e => e.Text));
    }

    [Fact]
    public async Task Stored_events_do_not_share_memory_with_the_append()
    {
        byte[] mine = "before"u8.ToArray();
        await Store.AppendAsync(new HistoryAppend("a", 0, Guid.NewGuid(), [mine], null), CancellationToken.None);
        "after!"u8.CopyTo(mine);
        Assert.Equal([(1, "before")], await ReadAsync("a", 0, 100));
    }

    [Fact]
    public async Task Appends_to_many_histories_at_once_all_happen()
    {
        const int keys = 32;
        const int appends = 8;
        await Task.WhenAll(Enumerable.Range(0, keys).Select(key => Task.Run(async () =>
        {
            Guid writer = Guid.NewGuid();
            for (int i = 0; i < appends; i++)
            {
                HistoryAppend append = new($"k{key}", i, writer, Bytes($"{key}/{i}"), Row($"k{key}", i + 1));
                Assert.Equal(AppendOutcome.Committed, await Store.AppendAsync(append, CancellationToken.None));
            }
        })));
        for (int key = 0; key < keys; key++)
            Assert.Equal(Enumerable.Range(0, appends).Select(i => ((long)i + 1, $"{key}/{i}")), await ReadAsync($"k{key}", 0, 100));
        Assert.Equal(keys, (await Store.ReadLiveAsync(null, CancellationToken.None)).Count(row => row.Version == appends));
    }

    [Fact]
    public async Task Of_many_writers_at_one_place_exactly_one_wins()
    {
        AppendOutcome[] outcomes = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(i => Task.Run(() => AppendAsync("a", 0, Guid.NewGuid(), $"writer {i}"))));
        Assert.Single(outcomes, AppendOutcome.Committed);
        Assert.Single(await ReadAsync("a", 0, 100));
    }

    private static ImmutableArray<ReadOnlyMemory<byte>> Bytes(params string[] texts) =>
        [.. texts.Select(t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t))];

    private static LiveRow Row(string key, long version) =>
        new(key, s_pool, new TenantId("tenant"), version, RequestPhase.Ready, 0, TimeSpan.Zero, new Instant(17_000_000_000_000_001), null,
            Encoding.UTF8.GetBytes($"{key} at {version} \u0000 naïve"));

    private Task<AppendOutcome> AppendAsync(string key, long expected, Guid writer, params string[] texts) =>
        Store.AppendAsync(new HistoryAppend(key, expected, writer, Bytes(texts), null), CancellationToken.None);

    private async Task<List<(long Version, string Text)>> ReadAsync(string key, long after, int max) =>
        [.. (await Store.ReadAsync(key, after, max, CancellationToken.None)).Select(e => (e.Version, Encoding.UTF8.GetString(e.Data.Span)))];
}
