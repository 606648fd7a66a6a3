using System.Collections.Immutable;
using Astraea.Core.Batching;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Tests.Engine;

public sealed class IdleKvTests
{
    private static (RecordingSink Sink, ImmutableArray<int> Context) Park(EngineRig rig, int request, int tokens)
    {
        ImmutableArray<int> context = EngineRig.Context(request, tokens);
        RecordingSink sink = rig.Start(request, context, EngineRig.Spec(max: 4, tool: "f")).Sink;
        rig.Run();
        return (sink, context);
    }

    private static List<KvChange> Changes(EngineRig rig)
    {
        List<KvChange> changes = [];
        rig.Core.Idle.TakeChanges(changes);
        return changes;
    }

    [Fact]
    public void Rising_pressure_swaps_what_was_preserved_the_longest_wait_first()
    {
        EngineRig rig = new(blocks: 20);
        Assert.Equal(KvDecision.Preserve, Park(rig, 1, 60).Sink.Finished.Kv!.Decision);
        Assert.Equal(KvDecision.Preserve, Park(rig, 2, 60).Sink.Finished.Kv!.Decision);
        Assert.Empty(Changes(rig));
        rig.Start(3, EngineRig.Context(3, 84), EngineRig.Spec(max: 30)); // 5 + 5 + 6 of 20 blocks: above 0.6.
        rig.Core.Step();
        rig.Core.Step();
        KvChange change = Assert.Single(Changes(rig));
        Assert.Equal((new RequestId(2), KvDecision.Swap, true), (change.Request, change.Place.Decision, change.Decided));
        Assert.Contains("≥ 0.60", change.Place.Reason, StringComparison.Ordinal);
        Assert.Equal(64, change.Place.HostTokens);
        Assert.Equal(64, change.Place.DeviceTokens); // Clean and usable until overwritten.
        rig.Run();
    }

    [Fact]
    public void The_papers_swap_frees_the_device_at_once()
    {
        EngineRig rig = new(blocks: 20, pressureLow: 0, policy: new TestPolicy { Kv = TestPolicy.Rule("paper") });
        KvPlace place = Park(rig, 1, 60).Sink.Finished.Kv!;
        Assert.Equal((KvDecision.Swap, 0, 64), (place.Decision, place.DeviceTokens, place.HostTokens));
        Assert.Equal(20, rig.Core.Store.Device.Free);
    }

    [Fact]
    public void Discarded_kv_is_usable_until_it_is_overwritten_and_its_loss_is_reported()
    {
        EngineRig rig = new(blocks: 12, hostBlocks: 0, pressureLow: 0);
        KvPlace place = Park(rig, 1, 60).Sink.Finished.Kv!;
        Assert.Equal((KvDecision.Discard, 64, 0), (place.Decision, place.DeviceTokens, place.HostTokens));
        rig.Start(2, EngineRig.Context(2, 180), EngineRig.Spec(max: 8)); // The whole pool.
        rig.Run();
        KvChange gone = Assert.Single(Changes(rig));
        Assert.Equal((new RequestId(2), 0), (gone.Request, gone.Place.ResidentTokens));
        Assert.Equal(0, rig.Core.Idle.Count);
    }

    [Fact]
    public void Running_work_takes_the_blocks_of_preserved_kv_and_that_comes_back_from_the_host_tier()
    {
        EngineRig rig = new(blocks: 12, pressureLow: 1, pressureHigh: 1);
        (RecordingSink first, ImmutableArray<int> context) = Park(rig, 1, 60);
        Assert.Equal(KvDecision.Preserve, first.Finished.Kv!.Decision);
        RecordingSink large = rig.Start(2, EngineRig.Context(2, 180), EngineRig.Spec(max: 8)).Sink;
        rig.Run();
        Assert.NotNull(large.Finished);
        Assert.Contains(Changes(rig), c => c.Decided && c.Place.Reason.Contains("running work", StringComparison.Ordinal));
        ImmutableArray<int> next = [.. context, .. first.Tokens, .. EngineRig.Context(5, 10)];
        RecordingSink resumed = rig.Start(1, next, segment: 1).Sink;
        rig.Run();
        Assert.Equal((64, 4L * 128), (resumed.Finished.Usage.CachedTokens, resumed.Finished.Usage.SwappedInBytes));
        Assert.Equal(EngineRig.Alone(next, segment: 1), resumed.Tokens);
    }

    [Fact]
    public void Without_pins_evicted_blocks_are_written_back_and_found_again()
    {
        EngineRig rig = new(blocks: 12, policy: new TestPolicy { Kv = TestPolicy.Rule("cache") });
        (RecordingSink first, ImmutableArray<int> context) = Park(rig, 1, 60);
        Assert.Equal(KvDecision.None, first.Finished.Kv!.Decision);
        rig.Start(2, EngineRig.Context(2, 180), EngineRig.Spec(max: 8));
        rig.Run();
        Assert.Equal(4, rig.Core.Store.WrittenBack);
        RecordingSink resumed = rig.Start(1, [.. context, .. first.Tokens, 1, 2], segment: 1).Sink;
        rig.Run();
        Assert.Equal(64, resumed.Finished.Usage.CachedTokens);
    }

    [Fact]
    public void A_decode_step_allocates_little()
    {
        EngineRig rig = new(blocks: 512);
        for (int i = 0; i < 8; i++)
            rig.Start(i, EngineRig.Context(i, 20), EngineRig.Spec(max: 600));
        for (int i = 0; i < 200; i++)
            rig.Core.Step();
        const int Steps = 200;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Steps; i++)
            rig.Core.Step();
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / Steps;
        Assert.InRange(each, 0, 8192); // Eight sequences, with all that the test's own model, text and sink allocate.
    }
}
