using Astraea.Contracts;
using Astraea.Grains.Driver;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Grains.Tests.Driver;

public sealed class MachineDriverTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedStore _store = new();
    private readonly HeldEffects _effects = new();
    private readonly MachineDriver<TallyState, string, string, string, string> _driver;

    public MachineDriverTests() => _driver = NewDriver(new DriverEnvironment(_time, Guid.NewGuid, NullLogger.Instance));

    [Fact]
    public async Task Nobody_is_answered_before_the_append_is_durable()
    {
        TaskCompletionSource written = new();
        TaskCompletionSource begun = new();
        _store.NextAppends.Enqueue(async (_, commit) =>
        {
            begun.SetResult();
            await written.Task;
            return await commit();
        });
        Task<string> answer = _driver.PostAsync("a", default);
        await begun.Task;
        Task<string> reader = _driver.PostAsync("?", default);
        Assert.False(answer.IsCompleted);
        Assert.False(reader.IsCompleted);
        written.SetResult();
        Assert.Equal("a", await answer);
        Assert.Equal("a", await reader);
    }

    [Fact]
    public async Task Messages_that_come_during_an_append_share_the_next_one()
    {
        TaskCompletionSource written = new();
        TaskCompletionSource begun = new();
        _store.NextAppends.Enqueue(async (_, commit) =>
        {
            begun.SetResult();
            await written.Task;
            return await commit();
        });
        Task<string> first = _driver.PostAsync("a", default);
        await begun.Task;
        Task<string>[] later = [_driver.PostAsync("b", default), _driver.PostAsync("c", default), _driver.PostAsync("d", default)];
        written.SetResult();
        Assert.Equal(["a b", "a b c", "a b c d"], await Task.WhenAll(later));
        Assert.Equal("a", await first);
        Assert.Equal([1, 3], _store.Appends.Select(a => a.Events.Length));
        Assert.Equal([0, 1], _store.Appends.Select(a => a.ExpectedVersion));
    }

    [Fact]
    public async Task An_append_that_failed_leaves_no_trace_in_the_state()
    {
        await _driver.PostAsync("a", default);
        _store.NextAppends.Enqueue(ScriptedStore.FailBefore);
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("b", default));
        Assert.Equal("a", await _driver.PostAsync("?", default));
        Assert.Equal("a c", await _driver.PostAsync("c", default));
    }

    [Fact]
    public async Task An_append_whose_answer_was_lost_is_found_in_the_history()
    {
        _store.NextAppends.Enqueue(ScriptedStore.LoseAnswer);
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("a", default));
        Assert.Equal("a", await _driver.PostAsync("?", default));
    }

    [Fact]
    public async Task A_driver_that_was_overtaken_reads_what_the_other_wrote()
    {
        await _driver.PostAsync("a", default);
        await NewDriver(DriverEnvironment.Default).PostAsync("other", default);
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("b", default));
        Assert.Equal("a other", await _driver.PostAsync("?", default));
    }

    [Fact]
    public async Task Every_load_has_a_writer_of_its_own()
    {
        await _driver.PostAsync("a", default);
        await _driver.PostAsync("b", default);
        _store.NextAppends.Enqueue(ScriptedStore.FailBefore);
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("c", default));
        await _driver.PostAsync("c", default);
        Guid[] writers = [.. _store.Appends.Select(a => a.Writer)];
        Assert.Equal(writers[0], writers[1]);
        Assert.NotEqual(writers[2], writers[3]);
    }

    [Fact]
    public async Task A_message_the_machine_cannot_stand_fails_alone()
    {
        TaskCompletionSource written = new();
        TaskCompletionSource begun = new();
        _store.NextAppends.Enqueue(async (_, commit) =>
        {
            begun.SetResult();
            await written.Task;
            return await commit();
        });
        Task<string> first = _driver.PostAsync("a", default);
        await begun.Task;
        Task<string> bad = _driver.PostAsync("!", default);
        Task<string> good = _driver.PostAsync("b", default);
        written.SetResult();
        await first;
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        Assert.Equal("a b", await good);
    }

    [Fact]
    public async Task Giving_up_the_wait_does_not_take_the_message_back()
    {
        using CancellationTokenSource cancellation = new();
        TaskCompletionSource written = new();
        TaskCompletionSource begun = new();
        _store.NextAppends.Enqueue(async (_, commit) =>
        {
            begun.SetResult();
            await written.Task;
            return await commit();
        });
        Task<string> answer = _driver.PostAsync("a", cancellation.Token);
        await begun.Task;
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        written.SetResult();
        Assert.Equal("a", await _driver.PostAsync("?", default));
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        var driver = NewDriver(DriverEnvironment.Default with { WaitingMax = 2 });
        TaskCompletionSource written = new();
        TaskCompletionSource begun = new();
        _store.NextAppends.Enqueue(async (_, commit) =>
        {
            begun.SetResult();
            await written.Task;
            return await commit();
        });
        Task<string> first = driver.PostAsync("a", default);
        await begun.Task;
        Task<string>[] waiting = [driver.PostAsync("b", default), driver.PostAsync("c", default)];
        await Assert.ThrowsAsync<AgentUnavailableException>(() => driver.PostAsync("d", default));
        written.SetResult();
        await first;
        await Task.WhenAll(waiting);
        Assert.Equal("a b c", await driver.PostAsync("?", default));
    }

    [Fact]
    public async Task A_history_longer_than_a_page_is_read_whole()
    {
        for (int i = 0; i < 3000; i++)
            await _driver.PostAsync("w", default);
        Assert.Equal(3000, (await NewDriver(DriverEnvironment.Default).PostAsync("?", default)).Split(' ').Length);
    }

    [Fact]
    public async Task What_is_owed_starts_after_the_commit_and_once()
    {
        await _driver.PostAsync("owe1", default);
        HeldEffect effect = await _effects.NextAsync();
        Assert.Equal(("owe1", "owe1"), (effect.Name, effect.StateAtStart));
        effect.End.SetResult();
        await _driver.PostAsync("b", default);
        await _driver.PostAsync("owe2", default);
        Assert.Equal("owe2", (await _effects.NextAsync()).Name);
        Assert.Equal(2, _effects.Count);
    }

    [Fact]
    public async Task What_is_owed_no_more_is_cancelled()
    {
        await _driver.PostAsync("owe1", default);
        HeldEffect effect = await _effects.NextAsync();
        await _driver.PostAsync("pay owe1", default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => effect.End.Task);
        await _driver.PostAsync("owe1", default);
        Assert.Equal("owe1", (await _effects.NextAsync()).Name);
    }

    [Fact]
    public async Task An_effect_posts_its_result_as_a_message()
    {
        await _driver.PostAsync("owe1", default);
        HeldEffect effect = await _effects.NextAsync();
        await effect.Post("pay owe1", default);
        Assert.Equal("", await _driver.PostAsync("?", default));
    }

    [Fact]
    public async Task A_failed_effect_runs_again_a_little_later_while_it_is_owed()
    {
        await _driver.PostAsync("owe1", default);
        HeldEffect effect = await _effects.NextAsync();
        effect.End.SetException(new InvalidOperationException("no luck"));
        Task<HeldEffect> next = _effects.NextAsync();
        await AdvanceUntilAsync(next);
        Assert.Equal("owe1", (await next).Name);
    }

    [Fact]
    public async Task What_has_finished_runs_again_only_when_asked_for()
    {
        await _driver.PostAsync("owe1", default);
        await _driver.PostAsync("owe2", default);
        HeldEffect first = await _effects.NextAsync();
        await _effects.NextAsync();
        first.End.SetResult();
        await first.End.Task;
        Task<HeldEffect> again = _effects.NextAsync();
        while (!again.IsCompleted)
        {
            // The end of an effect is noted on its own thread.
            _driver.RunFinishedAgain();
            await _driver.PostAsync("?", default);
        }
        Assert.Equal("owe1", (await again).Name);
        Assert.Equal(3, _effects.Count);
    }

    [Fact]
    public async Task A_restart_runs_again_what_was_owed()
    {
        await _driver.PostAsync("owe1", default);
        await _effects.NextAsync();
        await _driver.StopAsync();
        var restarted = NewDriver(DriverEnvironment.Default);
        Assert.True(restarted.TryLoad(default, out Task? loaded));
        await loaded;
        Assert.Equal("owe1", (await _effects.NextAsync()).Name);
    }

    [Fact]
    public async Task After_a_lost_answer_the_driver_finds_by_itself_what_it_owes()
    {
        _store.NextAppends.Enqueue(ScriptedStore.LoseAnswer);
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("owe1", default));
        Task<HeldEffect> next = _effects.NextAsync();
        await AdvanceUntilAsync(next);
        Assert.Equal("owe1", (await next).Name);
    }

    [Fact]
    public async Task While_the_store_cannot_be_read_callers_hear_so_and_later_all_is_well()
    {
        _store.ReadsFail = true;
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("a", default));
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("a", default));
        _store.ReadsFail = false;
        Assert.Equal("a", await _driver.PostAsync("a", default));
    }

    [Fact]
    public async Task Only_a_driver_at_rest_can_be_put_away()
    {
        await _driver.PostAsync("owe1", default);
        HeldEffect effect = await _effects.NextAsync();
        Assert.False(_driver.TryStopAtRest());
        await effect.Post("pay owe1", default);
        // The turn that answered may still be on its way out: it is at rest soon, without anything being done.
        while (!_driver.TryStopAtRest())
            await Task.Yield();
        Assert.False(_driver.TryPost("b", default, out _));
        await Assert.ThrowsAsync<AgentUnavailableException>(() => _driver.PostAsync("b", default));
    }

    [Fact]
    public async Task A_stop_lets_the_turn_end_and_fails_what_waits()
    {
        TaskCompletionSource written = new();
        TaskCompletionSource begun = new();
        _store.NextAppends.Enqueue(async (_, commit) =>
        {
            begun.SetResult();
            await written.Task;
            return await commit();
        });
        Task<string> first = _driver.PostAsync("a", default);
        await begun.Task;
        Task<string> second = _driver.PostAsync("b", default);
        Task stopped = _driver.StopAsync();
        await Assert.ThrowsAsync<AgentUnavailableException>(() => second);
        Assert.False(stopped.IsCompleted);
        written.SetResult();
        Assert.Equal("a", await first);
        await stopped;
    }

    /// <summary>Moves the clock until the event has come: the driver sets its timer on its own thread, at a moment a test cannot see.</summary>
    private async Task AdvanceUntilAsync(Task happened)
    {
        while (!happened.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private MachineDriver<TallyState, string, string, string, string> NewDriver(DriverEnvironment environment) => new(
        "tally", new TallyMachine(), new StoredEventLog<TallyState, string>("tally", _store, new WordCodec(), _ => null), _effects,
        new NoObserver<TallyState, string>(), environment);
}
