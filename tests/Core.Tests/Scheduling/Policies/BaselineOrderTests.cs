using Astraea.Core.Scheduling;
using Astraea.Core.Scheduling.Policies;

namespace Astraea.Core.Tests.Scheduling.Policies;

/// <summary>Each baseline's order on a few segments, worked out by hand from its rule.</summary>
public class BaselineOrderTests
{
    private static readonly Instant Now = new(TimeSpan.FromDays(20_000).Ticks);

    /// <summary>Ids of segments, best first.</summary>
    private static int[] Order(ISchedulingPolicy policy, params (int Id, RankInputs Inputs)[] segments) =>
        [.. segments.OrderBy(s => policy.Rank(s.Inputs, 1000, Now)).Select(s => s.Id)];

    private static (int Id, RankInputs Inputs) Segment(
        int id, double arrivedAgo = 0, double readyAgo = 0, double segment = 1, double remaining = 1, int context = 1000, int uncached = 1000, double output = 0,
        double tool = 0, double recompute = 1, double swap = 0.1, int level = 0, bool pinned = false, double idleness = 0) => (
        id,
        new RankInputs(SchedulerDesk.Id(id), Ago(arrivedAgo), level, TimeSpan.Zero, Ago(readyAgo), segment, remaining, 1, 10)
        {
            SegmentSince = Ago(readyAgo), ContextTokens = context, UncachedTokens = uncached, OutputTokens = output, ToolSeconds = tool,
            RecomputeSeconds = recompute, SwapSeconds = swap, Pinned = pinned, Idleness = idleness,
        });

    private static Instant Ago(double seconds) => Now - TimeSpan.FromSeconds(seconds);

    public static TheoryData<string> ByTurn => [VllmFcfs.PolicyName, VllmApc.PolicyName, VllmApcHost.PolicyName, ThunderAgent.PolicyName, StatefulMlfq.FcfsName];

    /// <summary>The request that came first is back from its tool only now: behind the others, whatever their size.</summary>
    [Theory]
    [MemberData(nameof(ByTurn))]
    public void Engines_that_see_calls_serve_calls_in_the_order_they_came(string name) => Assert.Equal(
        [3, 2, 1],
        Order(SchedulingPolicies.Create(name), Segment(1, arrivedAgo: 100, readyAgo: 1), Segment(2, arrivedAgo: 50, readyAgo: 2), Segment(3, arrivedAgo: 3, readyAgo: 3, segment: 99)));

    [Theory]
    [InlineData(ProgramFcfs.PolicyName)]
    [InlineData(Infercept.PolicyName)]
    public void Program_order_keeps_the_first_arrival(string name) => Assert.Equal(
        [1, 2, 3],
        Order(SchedulingPolicies.Create(name), Segment(3, arrivedAgo: 3, readyAgo: 3), Segment(2, arrivedAgo: 50, readyAgo: 2), Segment(1, arrivedAgo: 100, readyAgo: 1)));

    /// <summary>1 ms a token. 500 new tokens after 0.5 s: (0.5 + 0.5)/0.5 = 2; 100 after 0.05 s: 1.5; 1000 after 3 s: 4.</summary>
    [Fact]
    public void Sglang_hrrn_takes_uncached_input_for_service() => Assert.Equal(
        [3, 1, 2],
        Order(new SglangHrrn(), Segment(1, readyAgo: 0.5, uncached: 500), Segment(2, readyAgo: 0.05, uncached: 100), Segment(3, readyAgo: 3, uncached: 1000)));

    [Fact]
    public void Srpt_segment_looks_at_the_segment_and_srpt_program_at_the_program()
    {
        (int, RankInputs)[] segments = [Segment(1, segment: 1, remaining: 100), Segment(2, segment: 2, remaining: 2), Segment(3, segment: 3, remaining: 30)];
        Assert.Equal([1, 2, 3], Order(new SrptSegment(), segments));
        Assert.Equal([2, 3, 1], Order(new SrptProgram(), segments));
    }

    /// <summary>Bounds double from 1/16 s: 0.8 s is in bin 4, 3 s in bin 6, 7 s in bin 7. Whoever runs counts as two bins smaller.</summary>
    [Theory]
    [InlineData(3.0, false)]
    [InlineData(7.0, true)]
    public void With_preemption_a_program_gives_way_only_to_one_of_a_quarter(double running, bool givesWay)
    {
        SrptProgram policy = new(preempts: true);
        int band = policy.Rank(RankInput.Of(remaining: running), 100, Now).Band;
        Assert.Equal(givesWay, policy.Rank(RankInput.Of(segment: 0.5, remaining: 0.8, readySince: Now), 100, Now).Band < band);
        Assert.Equal(4, policy.Level(new LevelInputs(-1, 0, false, 0, 0.1, 0.8), Now));
    }

    /// <summary>Bounds 1, 2, 4, 8, 16 s of attained service; a wait of eight times that lifts to the first queue.</summary>
    [Theory]
    [InlineData(0.0, 0.0, 0)]
    [InlineData(0.9, 0.0, 0)]
    [InlineData(1.0, 0.0, 1)]
    [InlineData(3.0, 0.0, 2)]
    [InlineData(100.0, 0.0, 5)]
    [InlineData(3.0, 23.9, 2)]
    [InlineData(3.0, 24.0, 0)]
    public void Plas_queues_programs_by_the_service_they_have_had(double attained, double waited, int expected) =>
        Assert.Equal(expected, new Plas().Level(new LevelInputs(0, 0, false, waited, 1, 1000) { AttainedSeconds = attained }, Now));

    [Fact]
    public void Plas_is_first_in_first_out_inside_a_queue() => Assert.Equal(
        [3, 2, 1],
        Order(new Plas(), Segment(1, readyAgo: 9, level: 1), Segment(2, arrivedAgo: 9, readyAgo: 1), Segment(3, arrivedAgo: 5, readyAgo: 2)));

    /// <summary>
    /// 1000 tokens, no output, T = 1 s: 1000 token s of running for all. Then: a tool of 0.1 s is kept for 100; a tool of 10 s is swapped for 2·0.1·1000 = 200; where
    /// swapping takes 2 s, it is computed again for 1·1000/2 = 500.
    /// </summary>
    [Fact]
    public void Lamps_ranks_by_the_area_under_the_memory_curve()
    {
        (int Id, RankInputs Inputs) kept = Segment(1, tool: 0.1), swapped = Segment(2, tool: 10), recomputed = Segment(3, tool: 10, swap: 2);
        Assert.Equal(1100, Lamps.MemoryTime(kept.Inputs), 1e-9);
        Assert.Equal(1200, Lamps.MemoryTime(swapped.Inputs), 1e-9);
        Assert.Equal(1500, Lamps.MemoryTime(recomputed.Inputs), 1e-9);
        Assert.Equal([1, 2, 3], Order(new Lamps(), recomputed, swapped, kept));
    }

    [Fact]
    public void Lamps_lets_the_starved_go_first() => Assert.Equal(
        [3, 1, 2],
        Order(new Lamps(), Segment(1, readyAgo: 99), Segment(2, readyAgo: 99, tool: 1), Segment(3, readyAgo: 101, tool: 100, context: 9000, recompute: 50)));

    [Fact]
    public void Continuum_serves_programs_in_order_and_the_pinned_first() => Assert.Equal(
        [3, 1, 2],
        Order(new Continuum(), Segment(1, arrivedAgo: 9), Segment(2, arrivedAgo: 5), Segment(3, arrivedAgo: 1, pinned: true)));

    [Fact]
    public void Mori_serves_the_busiest_of_those_with_a_place_and_then_by_arrival() => Assert.Equal(
        [4, 3, 1, 2],
        Order(
            new Mori(), Segment(1, arrivedAgo: 9, idleness: 0.9), Segment(2, arrivedAgo: 5, idleness: 0), Segment(3, pinned: true, idleness: 0.7),
            Segment(4, pinned: true, idleness: 0.2)));

    [Fact]
    public void Bad_options_are_refused_by_name()
    {
        Assert.Contains("Queues is 0", Assert.Throws<ArgumentException>(() => new Plas(new() { Queues = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("StarvedAfter is 0", Assert.Throws<ArgumentException>(() => new Lamps(new() { StarvedAfter = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("ToolWeight is 2", Assert.Throws<ArgumentException>(() => new ThunderAgent(new() { ToolWeight = 2 })).Message, StringComparison.Ordinal);
        Assert.Contains("PinCost is 0", Assert.Throws<ArgumentException>(() => new Continuum(new() { PinCost = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("HiddenSeconds is -1", Assert.Throws<ArgumentException>(() => new Infercept(new() { HiddenSeconds = -1 })).Message, StringComparison.Ordinal);
        Assert.Contains("RankAgainSeconds is 0", Assert.Throws<ArgumentException>(() => new Mori(new() { RankAgainSeconds = 0 })).Message, StringComparison.Ordinal);
    }
}
