using System.Collections.Immutable;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Tests.Engine;

public sealed class EngineCoreTests
{
    [Fact]
    public void A_segment_runs_to_its_limit_and_frees_its_slot()
    {
        EngineRig rig = new();
        RecordingSink sink = rig.Start(1, EngineRig.Context(1, 40), EngineRig.Spec(max: 20)).Sink;
        rig.Run();
        Assert.Equal(20, sink.Tokens.Count);
        Assert.Equal(FinishReason.Length, sink.Finished.Finish);
        Assert.Equal(new { Prompt = 40, Sampled = 20, Cached = 0, Recomputed = 0 }, new
        {
            Prompt = sink.Finished.Usage.PromptTokens, Sampled = sink.Finished.Usage.SampledTokens,
            Cached = sink.Finished.Usage.CachedTokens, Recomputed = sink.Finished.Usage.RecomputedTokens,
        });
        Assert.Equal(0, rig.Core.Store.Device.Used);
    }

    [Fact]
    public void Tokens_do_not_depend_on_batch_mates_chunks_or_cache()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            EngineRig rig = new(blocks: 512, slots: random.Next(1, 9), stepTokens: random.Next(9, 80));
            List<(ImmutableArray<int> Context, RecordingSink Sink, SegmentSpec Spec)> runs = [];
            ImmutableArray<int> shared = EngineRig.Context(99, random.Next(0, 70));
            for (int i = 0; i < 10; i++)
            {
                ImmutableArray<int> context = [.. shared, .. EngineRig.Context(100 * seed + i, random.Next(1, 60))];
                SegmentSpec spec = EngineRig.Spec(max: random.Next(1, 40), tool: random.Next(2) == 0 ? "f" : null);
                runs.Add((context, rig.Start(i, context, spec).Sink, spec));
                if (random.Next(2) == 0)
                    rig.Core.Step();
            }
            rig.Run();
            foreach ((ImmutableArray<int> context, RecordingSink sink, SegmentSpec spec) in runs)
                Assert.Equal(EngineRig.Alone(context, spec), sink.Tokens);
        }
    }

    [Theory]
    [InlineData("cache")]
    [InlineData("paper")]
    [InlineData("lazy")]
    public void Tokens_do_not_depend_on_memory_pressure(string rule)
    {
        long preemptions = 0, swapped = 0, recomputed = 0;
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            // A pool that holds two or three of the eight agents, and a host tier that is sometimes too small as well.
            EngineRig rig = new(
                blocks: random.Next(17, 26), hostBlocks: random.Next(0, 40), slots: 4, stepTokens: random.Next(8, 64),
                policy: new TestPolicy { Kv = TestPolicy.Rule(rule), PreemptsRunning = random.Next(2) == 0, LowerQueuesFill = random.Next(2) == 0 });
            AgentPlay[] agents = [.. Enumerable.Range(0, 8).Select(i => new AgentPlay(i, random.Next(1, 100), level: random.Next(3), turns: 3))];
            for (int round = 0; agents.Any(a => !a.Done); round++)
            {
                Assert.True(round < 10_000);
                foreach (AgentPlay agent in agents)
                    agent.Advance(rig, random);
                rig.Core.Step();
                rig.Core.Check();
            }
            foreach (AgentPlay agent in agents)
            {
                agent.AssertUndisturbed(rig);
                recomputed += agent.Recomputed;
            }
            WorkerSnapshot end = rig.Core.Snapshot();
            preemptions += end.Preemptions;
            swapped += end.SwappedInBytes;
        }
        Assert.True(preemptions > 0, "The runs never preempted: they show nothing.");
        Assert.True(swapped > 0, "The runs never swapped in: they show nothing.");
        Assert.True(recomputed > 0, "The runs never recomputed: they show nothing.");
    }

    [Fact]
    public void A_wrong_byte_in_the_host_tier_shows_as_wrong_text()
    {
        EngineRig rig = new(blocks: 64, pressureLow: 0, pressureHigh: 1); // Every tool call swaps.
        ImmutableArray<int> first = EngineRig.Context(1, 64);
        RecordingSink sink = rig.Start(1, first, EngineRig.Spec(max: 8, tool: "f")).Sink;
        rig.Run();
        Assert.Equal(KvDecision.Swap, sink.Finished.Kv!.Decision);
        rig.Core.Store.Device.DropCached();
        SequenceKv kv = rig.IdleOf(1)!;
        Assert.True(rig.Core.Store.Host.TryFind(kv.Keys[1], kv.TokensOfBlock(1), out int slot));
        rig.Core.Store.Host.Writable(slot)[3] ^= 1;

        ImmutableArray<int> second = [.. first, .. sink.Tokens, .. EngineRig.Context(2, 20)];
        RecordingSink resumed = rig.Start(1, second, segment: 1, computed: 64).Sink;
        rig.Run();
        Assert.True(resumed.Finished.Usage.SwappedInBytes > 0);
        Assert.NotEqual(EngineRig.Alone(second, segment: 1), resumed.Tokens);
    }

    [Fact]
    public void Preserved_kv_is_taken_over_to_its_last_token()
    {
        EngineRig rig = new();
        ImmutableArray<int> first = EngineRig.Context(1, 41);
        RecordingSink sink = rig.Start(1, first, EngineRig.Spec(max: 8, tool: "f")).Sink;
        rig.Run();
        Assert.Equal(KvDecision.Preserve, sink.Finished.Kv!.Decision);
        Assert.True(rig.Core.Store.Device.Used > 0);
        // Head 3 + 8 sampled are computed; the tail of 2 and the last sampled token are not.
        int held = sink.Finished.Kv.DeviceTokens;
        Assert.Equal(41 + 3 + 8 - 1, held);

        ImmutableArray<int> second = [.. first, .. sink.Tokens, .. EngineRig.Context(2, 20)];
        RecordingSink resumed = rig.Start(1, second, segment: 1, computed: held).Sink;
        rig.Run();
        Assert.Equal(held, resumed.Finished.Usage.CachedTokens);
        Assert.Equal(0, resumed.Finished.Usage.RecomputedTokens);
        Assert.Equal(EngineRig.Alone(second, segment: 1), resumed.Tokens);
        Assert.Equal(0, rig.Core.Store.Device.Used);
    }

    [Fact]
    public void A_context_that_diverged_keeps_the_common_prefix_only()
    {
        EngineRig rig = new();
        ImmutableArray<int> first = EngineRig.Context(1, 60);
        rig.Start(1, first, EngineRig.Spec(max: 8, tool: "f"));
        rig.Run();
        ImmutableArray<int> second = [.. first[..37], .. EngineRig.Context(5, 30)];
        RecordingSink resumed = rig.Start(1, second, segment: 1, computed: 37).Sink;
        rig.Run();
        Assert.Equal(32, resumed.Finished.Usage.CachedTokens);
        Assert.Equal(5, resumed.Finished.Usage.RecomputedTokens);
        Assert.Equal(EngineRig.Alone(second, segment: 1), resumed.Tokens);
        Assert.Equal(0, rig.Core.Store.Device.Used);
    }

    [Fact]
    public void Another_tenant_with_the_same_tokens_finds_nothing()
    {
        EngineRig rig = new();
        ImmutableArray<int> context = EngineRig.Context(1, 64);
        rig.Start(1, context);
        rig.Run();
        RecordingSink other = rig.Start(2, context, tenant: "u").Sink;
        RecordingSink same = rig.Start(3, context).Sink;
        rig.Run();
        Assert.Equal(0, other.Finished.Usage.CachedTokens);
        Assert.Equal(48, same.Finished.Usage.CachedTokens);
    }

    [Fact]
    public void A_context_larger_than_the_pool_fails_with_a_code_and_others_go_on()
    {
        EngineRig rig = new(blocks: 4);
        RecordingSink large = rig.Start(1, EngineRig.Context(1, 65)).Sink;
        RecordingSink grows = rig.Start(2, EngineRig.Context(2, 60), EngineRig.Spec(max: 30)).Sink;
        RecordingSink small = rig.Start(3, EngineRig.Context(3, 20)).Sink;
        rig.Run();
        Assert.Equal("context_exceeds_memory", Assert.IsType<SegmentEnd.Failed>(large.Ended).Code);
        Assert.Equal("context_exceeds_memory", Assert.IsType<SegmentEnd.Failed>(grows.Ended).Code);
        Assert.Equal(EngineRig.Alone(EngineRig.Context(3, 20)), small.Tokens);
        Assert.Equal(0, rig.Core.Store.Device.Used);
    }

    [Fact]
    public void A_stopped_segment_frees_everything_at_once()
    {
        EngineRig rig = new();
        (SegmentAttempt attempt, RecordingSink sink) = rig.Start(1, EngineRig.Context(1, 200), EngineRig.Spec(max: 50));
        rig.Core.Step();
        rig.Core.Stop(attempt);
        Assert.IsType<SegmentEnd.Stopped>(sink.Ended);
        Assert.Equal(0, rig.Core.Store.Device.Used);
        Assert.False(rig.Core.Step());
    }

    [Fact]
    public void A_segment_whose_output_is_not_made_durable_pauses_and_goes_on_later()
    {
        EngineRig rig = new();
        rig.Options.UnreportedTokens = 4;
        RecordingSink slow = rig.Start(1, EngineRig.Context(1, 20)).Sink;
        slow.Unreported = 4;
        RecordingSink other = rig.Start(2, EngineRig.Context(2, 20)).Sink;
        rig.Run();
        Assert.NotNull(other.Ended);
        Assert.Empty(slow.Tokens);
        slow.Unreported = 0;
        rig.Run();
        Assert.Equal(EngineRig.Alone(EngineRig.Context(1, 20)), slow.Tokens);
    }

    [Fact]
    public void Output_of_an_earlier_attempt_is_continued_and_not_repeated()
    {
        ImmutableArray<int> context = EngineRig.Context(1, 30);
        foreach (string? tool in new[] { null, "f" })
        {
            SegmentSpec spec = EngineRig.Spec(max: 12, tool: tool);
            List<int> all = EngineRig.Alone(context, spec);
            for (int known = 0; known <= all.Count; known++)
            {
                EngineRig rig = new();
                RecordingSink sink = rig.Start(1, context, spec, output: [.. all.Take(known)], computed: 30).Sink;
                rig.Run();
                Assert.Equal(all.Skip(known), sink.Tokens);
                Assert.Equal(tool is null ? FinishReason.Length : FinishReason.ToolCalls, sink.Finished.Finish);
            }
        }
    }

    [Fact]
    public void Forced_tokens_are_fed_many_in_one_step_and_not_counted_as_sampled()
    {
        EngineRig rig = new();
        RecordingSink sink = rig.Start(1, EngineRig.Context(1, 10), EngineRig.Spec(max: 4, tool: "f")).Sink;
        rig.Run();
        Assert.Equal([1, 3, 5], sink.Tokens[..3]);
        Assert.Equal([7, 9], sink.Tokens[^2..]);
        Assert.Equal((4, 5), (sink.Finished.Usage.SampledTokens, sink.Finished.Usage.FedTokens));
        Assert.Equal("f", Assert.Single(sink.Finished.Calls).Name);
        Assert.Equal([13], rig.Fake.Steps[0]); // Context and head in one chunk.
        Assert.Equal(4, rig.Fake.Steps.Count);
    }

    [Fact]
    public void The_end_token_ends_the_answer_unless_masked_or_ignored()
    {
        ImmutableArray<int> context = EngineRig.Context(3, 10);
        List<int> free = EngineRig.Alone(context, EngineRig.Spec(max: 400, ignoreEos: false, temperature: 2));
        Assert.Equal(FakeText.End, free[^1]);
        Assert.DoesNotContain(FakeText.End, free[..^1]);
        List<int> longer = EngineRig.Alone(context, EngineRig.Spec(max: 400, min: free.Count + 20, ignoreEos: false, temperature: 2));
        Assert.DoesNotContain(FakeText.End, longer[..(free.Count + 20)]);
        Assert.Equal(400, EngineRig.Alone(context, EngineRig.Spec(max: 400, temperature: 2)).Count);
    }

    [Fact]
    public void A_stop_text_ends_the_output_at_the_token_that_completes_it()
    {
        ImmutableArray<int> context = EngineRig.Context(4, 10);
        List<int> free = EngineRig.Alone(context, EngineRig.Spec(max: 12));
        string stop = $"{(char)('0' + free[5])}{(char)('0' + free[6])}";
        EngineRig rig = new();
        RecordingSink sink = rig.Start(1, context, EngineRig.Spec(max: 12, stop: stop)).Sink;
        rig.Run();
        Assert.Equal(free[..7], sink.Tokens);
        Assert.Equal(FinishReason.Stop, sink.Finished.Finish);
    }

    [Fact]
    public void A_logit_that_is_not_a_number_quarantines_the_worker_and_returns_its_segments()
    {
        EngineRig rig = new();
        RecordingSink[] sinks = [.. Enumerable.Range(0, 3).Select(i => rig.Start(i, EngineRig.Context(i, 20)).Sink)];
        rig.Core.Step();
        int known = sinks[0].Tokens.Count;
        rig.Fake.GivesNaN = true;
        Assert.True(rig.Core.Step());
        Assert.All(sinks, s => Assert.Contains("not a number", Assert.IsType<SegmentEnd.Returned>(s.Ended).Reason, StringComparison.Ordinal));
        Assert.Equal(known, sinks[0].Tokens.Count);
        Assert.NotNull(rig.Core.Quarantine);
        Assert.IsType<SegmentEnd.Returned>(rig.Start(9, EngineRig.Context(9, 20)).Sink.Ended);
    }

    [Fact]
    public void A_segment_whose_output_cannot_be_handled_fails_alone()
    {
        EngineRig rig = new(sampler: new ThrowingSampler());
        RecordingSink bad = rig.Start(1, EngineRig.Context(1, 20), EngineRig.Spec(seed: 13)).Sink;
        RecordingSink good = rig.Start(2, EngineRig.Context(2, 20)).Sink;
        rig.Run();
        Assert.Equal("segment_failed", Assert.IsType<SegmentEnd.Failed>(bad.Ended).Code);
        Assert.Equal(EngineRig.Alone(EngineRig.Context(2, 20)), good.Tokens);
        Assert.Equal(0, rig.Core.Store.Device.Used);
    }

    private sealed class ThrowingSampler : ISampler
    {
        private readonly Astraea.Worker.Kernels.Sampler _inner = new();

        public int Sample(Span<float> logits, Sampling sampling, int segment, int index, ReadOnlySpan<int> output) => sampling.Seed == 13
            ? throw new ArgumentException("no token may be drawn")
            : _inner.Sample(logits, sampling, segment, index, output);
    }

    [Fact]
    public void A_higher_level_sets_a_running_lower_one_aside_and_both_end_right()
    {
        EngineRig rig = new(blocks: 8, slots: 1);
        RecordingSink low = rig.Start(1, EngineRig.Context(1, 60), EngineRig.Spec(max: 30), level: 3).Sink;
        for (int i = 0; i < 5; i++)
            rig.Core.Step();
        RecordingSink high = rig.Start(2, EngineRig.Context(2, 60), EngineRig.Spec(max: 10), level: 0).Sink;
        while (high.Ended is null)
            rig.Core.Step();
        Assert.Null(low.Ended);
        rig.Run();
        Assert.Equal(1, low.Finished.Usage.Preemptions);
        Assert.Equal(EngineRig.Alone(EngineRig.Context(1, 60), EngineRig.Spec(max: 30)), low.Tokens);
        Assert.Equal(EngineRig.Alone(EngineRig.Context(2, 60), EngineRig.Spec(max: 10)), high.Tokens);
    }

    [Fact]
    public void Batches_do_not_mix_when_the_policy_is_batch_synchronous()
    {
        EngineRig rig = new(policy: new TestPolicy { BatchSynchronous = true });
        rig.Start(1, EngineRig.Context(1, 20), EngineRig.Spec(max: 10));
        rig.Core.Step();
        rig.Start(2, EngineRig.Context(2, 20), EngineRig.Spec(max: 10));
        rig.Run();
        Assert.All(rig.Fake.Steps, step => Assert.Single(step));
    }

    [Fact]
    public void The_guard_lane_gets_its_share_of_rows_beside_a_full_batch_of_decodes()
    {
        EngineRig rig = new(slots: 8, stepTokens: 8, policy: new TestPolicy { GuardShare = 0.25 });
        for (int i = 0; i < 7; i++)
            rig.Start(i, EngineRig.Context(i, 8), EngineRig.Spec(max: 60), level: 1);
        while (rig.Fake.Steps.Count == 0 || rig.Fake.Steps[^1].Length < 7)
            rig.Core.Step();
        RecordingSink guarded = rig.Start(9, EngineRig.Context(9, 40), EngineRig.Spec(max: 2), level: -1).Sink;
        int before = rig.Fake.Steps.Count;
        while (guarded.Ended is null)
            rig.Core.Step();
        Assert.InRange(rig.Fake.Steps.Count - before, 1, 40 / 2 + 3);
    }
}
