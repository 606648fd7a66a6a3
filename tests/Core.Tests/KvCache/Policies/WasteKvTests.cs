using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.KvCache.Policies;

public class WasteKvTests
{
    private static readonly Instant Called = new(TimeSpan.FromDays(20_000).Ticks);

    /// <summary>C = 1000 tokens, batch 3000; 1 ms a token to compute, 0.1 ms to copy: T_fwd = 1 s, T_swap = 0.1 s.</summary>
    private static KvSituation Situation(int hostRoom = 1000, int held = 90, int copy = 100) => new(100, held, 0, 100, copy, hostRoom)
    {
        OwnTokens = 1000, BatchTokens = 3000, Costs = new CostProfile(0.001, 0.01, 0.0001, 0.0002),
    };

    private static KvWait Wait(ToolDuration? durations = null, double? returnsAfter = null) => new("agent", "tool", Called, durations ?? new ToolDuration())
    {
        ReturnsAt = returnsAfter is { } seconds ? Called + TimeSpan.FromSeconds(seconds) : null,
    };

    private static Instant After(double seconds) => Called + TimeSpan.FromSeconds(seconds);

    [Fact]
    public void Waste_follows_the_formulas()
    {
        KvWaste waste = new(Situation());
        Assert.Equal(5000, waste.Preserve(5), 1e-9);
        Assert.Equal(1 * 4000, waste.Discard(), 1e-9);
        Assert.Equal(1 * 3500, waste.DiscardChunked(), 1e-9);
        Assert.Equal(2 * 0.1 * 1000, waste.Swap(double.PositiveInfinity), 1e-9);
        Assert.Equal(2 * 0.1 * 1000 + 0.06 * 3000, waste.Swap(0.04), 1e-9);
        // Half of it is in the host tier already: only half is copied out.
        Assert.Equal(1.5 * 0.1 * 1000, new KvWaste(Situation(copy: 50)).Swap(double.PositiveInfinity), 1e-9);
    }

    /// <summary>Swapping wastes 200 token s, which 1000 tokens pinned for 0.2 s do too: there it flips, and the time is stored.</summary>
    [Theory]
    [InlineData(0, KvDecision.Preserve)]
    [InlineData(0.19, KvDecision.Preserve)]
    [InlineData(0.21, KvDecision.Swap)]
    public void Infercept_flips_when_the_wait_has_wasted_what_swapping_would(double elapsed, KvDecision expected)
    {
        KvChoice choice = new MinWasteKv().Decide(Situation(), Wait(), After(elapsed));
        Assert.Equal(expected, choice.Decision);
        Assert.Equal(expected == KvDecision.Preserve ? After(0.2) : null, choice.ReviewAt);
    }

    /// <summary>Without room in the host tier the alternative is to compute again: 3500 token s, or 3.5 s of pinning.</summary>
    [Theory]
    [InlineData(3.4, KvDecision.Preserve)]
    [InlineData(3.6, KvDecision.Discard)]
    public void Infercept_discards_where_the_host_has_no_room(double elapsed, KvDecision expected) =>
        Assert.Equal(expected, new MinWasteKv().Decide(Situation(hostRoom: 0), Wait(), After(elapsed)).Decision);

    [Theory]
    [InlineData(0.1, KvDecision.Preserve)]
    [InlineData(0.3, KvDecision.Swap)]
    public void The_oracle_decides_once(double returnsAfter, KvDecision expected) =>
        Assert.Equal(expected, new MinWasteKv().Decide(Situation(), Wait(returnsAfter: returnsAfter), Called).Decision);

    [Theory]
    [InlineData(0.1, KvDecision.Preserve)]
    [InlineData(5, KvDecision.Swap)]
    public void Lamps_decides_by_the_predicted_time(double usual, KvDecision expected)
    {
        ToolDuration durations = new();
        for (int i = 0; i < 50; i++)
            durations.Learn("agent", "tool", usual);
        Assert.Equal(expected, new PredictedWasteKv().Decide(Situation(), Wait(durations), Called).Decision);
    }

    /// <summary>Nine of ten answer after 0.05 s, the tenth after 100 s. To lose the context costs 0.2 s of pinning: worth waiting for the nine, not for the tenth.</summary>
    [Fact]
    public void The_hazard_rule_waits_for_the_quick_ones_and_lets_the_slow_one_go()
    {
        ToolDuration durations = new();
        for (int i = 0; i < 500; i++)
            durations.Learn("agent", "tool", i % 10 == 0 ? 100 : 0.05);
        HazardKv policy = new();
        KvChoice first = policy.Decide(Situation(), Wait(durations), Called);
        Assert.Equal(KvDecision.Preserve, first.Decision);
        Assert.InRange((first.ReviewAt!.Value - Called).TotalSeconds, 0.045, 1);
        KvChoice second = policy.Decide(Situation(), Wait(durations), first.ReviewAt.Value + TimeSpan.FromMilliseconds(10));
        Assert.Equal(KvDecision.Swap, second.Decision);
    }

    [Fact]
    public void The_hazard_rule_pins_while_nobody_wants_the_memory()
    {
        KvChoice free = new HazardKv().Decide(Situation(held: 50), Wait(), Called);
        Assert.Equal(KvDecision.Preserve, free.Decision);
        Assert.Equal(After(5), free.ReviewAt);
        // Ready segments do not fit although pressure is low: then it is wanted.
        ToolDuration slow = new();
        for (int i = 0; i < 50; i++)
            slow.Learn("agent", "tool", 60);
        Assert.Equal(KvDecision.Swap, new HazardKv().Decide(Situation(held: 50) with { WantedBlocks = 60 }, Wait(slow), Called).Decision);
        Assert.Equal(KvDecision.Discard, new HazardKv().Decide(Situation(hostRoom: 0) with { BatchTokens = 0 }, Wait(slow), Called).Decision);
    }

    /// <summary>Checked against the expectation computed from draws: no other pin time wastes clearly less.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(2)]
    [InlineData(8)]
    public void The_pin_time_is_near_the_best_there_is(double alternative)
    {
        SeededGenerator random = new(21);
        ToolDuration durations = new();
        double[] draws = [.. Enumerable.Range(0, 500).Select(_ => random.NextInt(4) == 0 ? 30 * random.NextExponential() : 0.5 * random.NextExponential())];
        foreach (double draw in draws)
            durations.Learn("agent", "tool", draw);
        double Waste(double pin) => draws.Average(t => t <= pin ? t : pin + alternative);
        double chosen = Waste(new HazardKv().PinSeconds(Wait(durations), alternative, Called));
        double best = Enumerable.Range(0, 400).Min(i => Waste(0.05 * i));
        Assert.InRange(chosen, best, best * 1.15 + 0.02);
    }

    /// <summary>Reload 0.1 s and 0.9 s of queueing are saved by answers in time: half answer within 0.2 s, half after 10 s; one second of pinning costs one.</summary>
    [Fact]
    public void Continuum_pins_for_the_time_of_greatest_use_and_no_longer()
    {
        ToolDuration durations = new();
        for (int i = 0; i < 400; i++)
            durations.Learn("agent", "tool", i % 2 == 0 ? 0.2 : 10);
        TimeToLiveKv policy = new();
        KvSituation situation = Situation() with { QueueSeconds = 0.9 };
        KvChoice first = policy.Decide(situation, Wait(durations), Called);
        Assert.Equal(KvDecision.Preserve, first.Decision);
        Assert.InRange((first.ReviewAt!.Value - Called).TotalSeconds, 0.15, 0.4);
        Assert.Equal(KvDecision.None, policy.Decide(situation, Wait(durations), first.ReviewAt.Value).Decision);
        // With nothing to be saved by it there is no pin.
        Assert.Equal(KvDecision.None, policy.Decide(Situation(), Wait(durations), Called).Decision);
    }

    [Theory]
    [InlineData(0, 1000, KvDecision.Preserve)]
    [InlineData(10, 1000, KvDecision.Swap)]
    [InlineData(10, 0, KvDecision.Discard)]
    public void Mori_keeps_what_the_device_reaches_in_order_of_busyness(int busier, int hostRoom, KvDecision expected) => Assert.Equal(
        expected, new RankedTierKv(new() { PoolShare = 1 }).Decide(Situation(hostRoom) with { BusierBlocks = busier }, Wait(), Called).Decision);

    /// <summary>Half idle over 2 s of model time: 2 s in tools so far. Six more make 8 of 10.</summary>
    [Theory]
    [InlineData(0.5, 2, 0, 0.5)]
    [InlineData(0.5, 2, 6, 0.8)]
    [InlineData(0, 2, 2, 0.5)]
    [InlineData(1, 2, 5, 1)]
    public void Idleness_grows_while_the_tool_works(double before, double model, double elapsed, double expected) =>
        Assert.Equal(expected, IdleShare.Now(before, model, elapsed), 1e-9);

    [Fact]
    public void Engines_without_a_cache_or_a_host_tier_say_so()
    {
        Assert.Equal((false, false, KvDecision.Discard), Of(new DiscardKv()));
        Assert.Equal((true, false, KvDecision.None), Of(new CacheOnly(hostTier: false)));
        Assert.Equal((true, true, KvDecision.None), Of(new CacheOnly()));
        (bool, bool, KvDecision) Of(IKvPolicy policy) => (policy.PrefixCache, policy.HostTier, policy.Decide(Situation(), Wait(), Called).Decision);
    }

    [Fact]
    public void The_paper_frees_swapped_blocks_at_once_and_ours_when_they_are_needed()
    {
        Assert.Equal((KvRelease.Free, false), (PressureKv.Paper().AfterSwap, PressureKv.Paper().WritesBack));
        Assert.Equal((KvRelease.Recent, true), (PressureKv.Lazy().AfterSwap, PressureKv.Lazy().WritesBack));
        Assert.Equal(KvDecision.Swap, PressureKv.Paper().Decide(Situation(held: 95), Wait(), Called).Decision);
        PressureKv literal = PressureKv.Paper(KvPressureSettings.Default with { DiscardIgnoresHost = true });
        Assert.Equal(KvDecision.Discard, literal.Decide(Situation(held: 95), Wait(), Called).Decision);
    }
}
