using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Tests.Engine;

public sealed class WorkerServiceTests
{
    private static WorkerOptions Worker(string name, int blocks = 64, int slots = 4) =>
        new() { Name = name, DeviceBlocks = blocks, HostBlocks = 128, Slots = slots, StepTokens = 48, DrainSeconds = 10 };

    [Theory]
    [InlineData("astraea")]
    [InlineData("astraea-paper")]
    [InlineData("program-fcfs")]
    public async Task Agents_with_tools_end_with_the_tokens_they_have_alone(string policy)
    {
        await using WorkerRig rig = await WorkerRig.StartAsync(policy, Worker("w0", blocks: 40), Worker("w1", blocks: 40));
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PlayAsync(rig, i, turns: 3)));
    }

    [Fact]
    public async Task Lost_and_repeated_messages_change_nothing()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("w0"));
        rig.BreakMessages(24);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => PlayAsync(rig, i, turns: 2)));
    }

    [Fact]
    public async Task A_cancelled_request_leaves_the_engine_and_its_blocks()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("w0"));
        // It cannot end before it is cancelled: its runner waits for the test.
        using ManualResetEventSlim go = new(false);
        rig.Runners[new WorkerId("w0")].BeforeStep = step => { if (step > 20) go.Wait(); };
        RequestId id = await rig.SubmitAsync(1, EngineRig.Context(1, 20), EngineRig.Spec(max: 800));
        await rig.WaitForAsync<RequestEvent.TokensGenerated>(id);
        await rig.Requests.Get(id).CancelAsync(new RequestMessage.Cancel("test"), CancellationToken.None);
        go.Set();
        await rig.WaitForAsync<RequestEvent.RequestCancelled>(id);
        // Another one that needs the whole pool shows that everything was freed.
        RequestId all = await rig.SubmitAsync(2, EngineRig.Context(2, 64 * 16 - 10), EngineRig.Spec(max: 9));
        await rig.WaitForAsync<RequestEvent.RequestCompleted>(all);
        Assert.Equal(EngineRig.Alone(EngineRig.Context(2, 64 * 16 - 10), EngineRig.Spec(max: 9)), await rig.OutputAsync(all, 0));
    }

    [Fact]
    public async Task A_device_error_quarantines_the_worker_and_the_segment_goes_on_elsewhere()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("w0"));
        // It cannot end before the device breaks: its runner waits for the test.
        using ManualResetEventSlim go = new(false);
        rig.Runners[new WorkerId("w0")].BeforeStep = step => { if (step > 20) go.Wait(); };
        RequestId id = await rig.SubmitAsync(1, EngineRig.Context(1, 40), EngineRig.Spec(max: 400));
        await rig.WaitForAsync<RequestEvent.TokensGenerated>(id);
        rig.Runners[new WorkerId("w0")].BeforeStep = _ => throw new InvalidOperationException("the device is gone");
        go.Set();
        Assert.Contains("the device is gone", (await rig.WaitForAsync<RequestEvent.SegmentReturned>(id)).Reason, StringComparison.Ordinal);
        rig.Add(Worker("w1"));
        await rig.WaitForAsync<RequestEvent.SegmentEnded>(id);
        Assert.Equal(EngineRig.Alone(EngineRig.Context(1, 40), EngineRig.Spec(max: 400)), await rig.OutputAsync(id, 0));
    }

    [Fact]
    public async Task Meters_read_the_newest_snapshot()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("metered"));
        RequestId id = await rig.SubmitAsync(1, EngineRig.Context(1, 40), EngineRig.Spec(max: 9));
        await rig.WaitForAsync<RequestEvent.RequestCompleted>(id);
        Dictionary<string, long> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == WorkerMeter.Name)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Dictionary<string, object?> all = tags.ToArray().ToDictionary(t => t.Key, t => t.Value);
            if ((string?)all["astraea.worker"] == "metered")
                seen[$"{instrument.Name} {all.GetValueOrDefault("astraea.state")}".Trim()] = value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal((9, 40), (seen["astraea.worker.tokens sampled"], seen["astraea.worker.tokens prefill"]));
        Assert.Equal(0, seen["astraea.worker.segments running"]);
        Assert.Equal(64, seen["astraea.worker.kv.blocks free"] + seen["astraea.worker.kv.blocks cached"]);
    }

    [Fact]
    public async Task A_quarantined_worker_gives_its_segments_back_and_another_one_finishes_them()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("w0"));
        using ManualResetEventSlim go = new(false);
        rig.Runners[new WorkerId("w0")].BeforeStep = step => { if (step > 20) go.Wait(); };
        ImmutableArray<int> context = EngineRig.Context(1, 40);
        RequestId id = await rig.SubmitAsync(1, context, EngineRig.Spec(max: 400));
        await rig.WaitForAsync<RequestEvent.TokensGenerated>(id);
        rig.Runners[new WorkerId("w0")].GivesNaN = true;
        go.Set();
        RequestEvent.SegmentReturned returned = await rig.WaitForAsync<RequestEvent.SegmentReturned>(id);
        Assert.Contains("not a number", returned.Reason, StringComparison.Ordinal);
        rig.Add(Worker("w1"));
        RequestEvent.SegmentEnded ended = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id);
        Assert.Equal(EngineRig.Alone(context, EngineRig.Spec(max: 400)), await rig.OutputAsync(id, 0));
        Assert.True(ended.Usage.RecomputedTokens >= 40);
        Assert.Contains("not a number", rig.Workers[new WorkerId("w0")].Snapshot.Quarantine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_draining_worker_returns_what_it_runs()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("w0"));
        // It cannot end before the drain: its runner waits for the test.
        using ManualResetEventSlim go = new(false);
        rig.Runners[new WorkerId("w0")].BeforeStep = step => { if (step > 20) go.Wait(); };
        RequestId id = await rig.SubmitAsync(1, EngineRig.Context(1, 20), EngineRig.Spec(max: 800));
        await rig.WaitForAsync<RequestEvent.TokensGenerated>(id);
        Task stopped = rig.StopWorkersAsync();
        go.Set();
        RequestEvent.SegmentReturned returned = await rig.WaitForAsync<RequestEvent.SegmentReturned>(id);
        Assert.Contains("draining", returned.Reason, StringComparison.Ordinal);
        await stopped;
    }

    [Fact]
    public async Task A_context_that_no_worker_can_hold_fails_its_request_with_a_code()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("program-fcfs", Worker("w0", blocks: 4));
        RequestId grows = await rig.SubmitAsync(1, EngineRig.Context(1, 60), EngineRig.Spec(max: 30));
        Assert.Equal("context_exceeds_memory", (await rig.WaitForAsync<RequestEvent.RequestFailed>(grows)).Code);
        RequestId small = await rig.SubmitAsync(2, EngineRig.Context(2, 20), EngineRig.Spec(max: 10));
        await rig.WaitForAsync<RequestEvent.RequestCompleted>(small);
    }

    [Fact]
    public async Task An_early_return_finds_its_kv_preserved_on_its_worker()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Worker("w0"));
        ImmutableArray<int> first = EngineRig.Context(1, 100);
        RequestId id = await rig.SubmitAsync(1, first, EngineRig.Spec(max: 10, tool: "f"));
        RequestEvent.SegmentEnded called = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id);
        Assert.Equal(KvDecision.Preserve, called.Kv!.Decision);
        ImmutableArray<int> second = [.. first, .. await rig.OutputAsync(id, 0), .. EngineRig.Context(2, 5)];
        await rig.AnswerAsync(id, second, EngineRig.Spec(max: 4));
        RequestEvent.SegmentEnded ended = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id, e => e.Segment == 1);
        Assert.Equal(called.Kv.DeviceTokens, ended.Usage.CachedTokens);
        Assert.Equal(0, ended.Usage.RecomputedTokens);
    }

    private static async Task PlayAsync(WorkerRig rig, int i, int turns)
    {
        Random random = new(i);
        ImmutableArray<int> context = EngineRig.Context(i, random.Next(5, 120));
        RequestId id = default;
        for (int turn = 0; turn < turns; turn++)
        {
            SegmentSpec spec = EngineRig.Spec(max: random.Next(2, 40), tool: turn < turns - 1 ? "f" : null);
            if (turn == 0)
                id = await rig.SubmitAsync(i, context, spec);
            else
                await rig.AnswerAsync(id, context, spec);
            await rig.WaitForAsync<RequestEvent.SegmentEnded>(id, e => e.Segment == turn);
            List<int> output = await rig.OutputAsync(id, turn);
            Assert.Equal(EngineRig.Alone(context, spec, turn), output);
            context = [.. context, .. output, .. EngineRig.Context(100 * i + turn, random.Next(1, 30))];
        }
        await rig.WaitForAsync<RequestEvent.RequestCompleted>(id);
    }
}
