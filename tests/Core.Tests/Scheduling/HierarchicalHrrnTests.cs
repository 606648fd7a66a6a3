using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

public class HierarchicalHrrnTests
{
    private static readonly Instant Now = new(TimeSpan.FromDays(20_000).Ticks);

    /// <summary>By hand, with W = 12, R = 4: (W + R)^a / R.</summary>
    [Theory]
    [InlineData(WaitExponent.Zero, 0.25)]
    [InlineData(WaitExponent.Half, 1.0)]
    [InlineData(WaitExponent.One, 4.0)]
    [InlineData(WaitExponent.Two, 64.0)]
    public void The_score_follows_the_formula(WaitExponent exponent, double expected) =>
        Assert.Equal(expected, new HierarchicalHrrn(new() { Exponent = exponent }).Rank(RankInput.Of(waited: 12, remaining: 4), 100, Now).Score);

    [Fact]
    public void Memory_counts_against_a_segment_by_its_share_of_the_pool() =>
        Assert.Equal(4.0 / 1.5, new HierarchicalHrrn(new() { MemoryWeight = 2 }).Rank(RankInput.Of(waited: 12, remaining: 4, blocks: 25), 100, Now).Score);

    [Fact]
    public void Remaining_work_is_never_below_the_segments_own() =>
        Assert.Equal(2.0, new HierarchicalHrrn().Rank(RankInput.Of(waited: 8, remaining: 1, segment: 8), 100, Now).Score);

    [Fact]
    public void The_open_interval_counts_as_waiting() =>
        Assert.Equal(3.0, new HierarchicalHrrn().Rank(
            RankInput.Of(waited: 1, readySince: Now - TimeSpan.FromSeconds(1), remaining: 1, isolated: 100), 100, Now).Score);

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(1, 1)]
    [InlineData(3.9, 1)]
    [InlineData(4, 2)]
    [InlineData(16, 3)]
    [InlineData(64, 4)]
    [InlineData(256, 5)]
    [InlineData(1e9, 5)]
    public void Arrivals_go_to_the_bin_of_their_remaining_work(double remaining, int expected) =>
        Assert.Equal(expected, new HierarchicalHrrn().Level(new LevelInputs(-1, 0, false, 0, 0.1, remaining), Now));

    [Theory]
    [InlineData(1, 4.9, 1)]
    [InlineData(1, 5.1, 2)]
    [InlineData(2, 3.3, 2)]
    [InlineData(2, 3.1, 1)]
    [InlineData(2, 0.1, 0)]
    public void A_level_follows_only_past_the_hysteresis(int current, double remaining, int expected) =>
        Assert.Equal(expected, new HierarchicalHrrn().Level(new LevelInputs(current, 0, false, 0, 0.1, remaining), Now));

    /// <summary>R = 100: level 4. A ratio of 8 lifts by one level, 64 by two, and so on: at every level.</summary>
    [Theory]
    [InlineData(0, 4)]
    [InlineData(690, 4)]
    [InlineData(700, 3)]
    [InlineData(6300, 2)]
    [InlineData(51_100, 1)]
    [InlineData(409_500, 0)]
    public void Waiting_lifts_a_request_at_every_level(double waited, int expected) =>
        Assert.Equal(expected, new HierarchicalHrrn().Level(new LevelInputs(4, 0, false, waited, 1, 100), Now));

    [Fact]
    public void The_flat_variant_has_one_level()
    {
        ISchedulingPolicy flat = SchedulingPolicies.Create("astraea-flat");
        Assert.Equal("astraea-flat", flat.Name);
        Assert.Equal(0, flat.Level(new LevelInputs(-1, 0, false, 0, 1, 1e6), Now));
    }

    [Fact]
    public void The_guard_lane_begins_after_ten_times_isolated_service_and_is_first_in_first_out()
    {
        HierarchicalHrrn policy = new();
        RankInputs atLimit = RankInput.Of(level: 5, readySince: Now - TimeSpan.FromSeconds(20), isolated: 2);
        Assert.Equal(5, policy.Rank(atLimit, 100, Now).Band);
        // The older wait has the later joining time: 30 − 10·2.9 = 1 s ago against 25 − 10·2 = 5 s ago.
        RankInputs joinedLater = RankInput.Of(readySince: Now - TimeSpan.FromSeconds(30), isolated: 2.9, id: 1);
        RankInputs joinedFirst = RankInput.Of(readySince: Now - TimeSpan.FromSeconds(25), isolated: 2, id: 2, arrivedAfter: 50);
        Rank later = policy.Rank(joinedLater, 100, Now);
        Rank first = policy.Rank(joinedFirst, 100, Now);
        Assert.Equal(Rank.GuardBand, later.Band);
        Assert.Equal(1.0, later.Score, 1e-9);
        Assert.Equal(5.0, first.Score, 1e-9);
        Assert.True(first.CompareTo(later) < 0);
        Rank ordinary = policy.Rank(RankInput.Of(level: 0, waited: 1e6), 100, Now);
        Assert.True(later.CompareTo(ordinary) < 0);
    }

    [Fact]
    public void Running_segments_are_not_in_the_lane() =>
        Assert.Equal(1, new HierarchicalHrrn().Rank(RankInput.Of(level: 2, waited: 1e9, remaining: 5), 100, Now).Band);

    [Fact]
    public void Bad_options_are_refused_by_name()
    {
        HierarchicalHrrnOptions bad = new()
        {
            Levels = 0, FirstLevelSeconds = 0, LevelFactor = 1, Hysteresis = -1, AgingRatio = 1, Exponent = (WaitExponent)9, MemoryWeight = -1,
            GuardAfter = 0, GuardShare = 2,
        };
        string message = Assert.Throws<ArgumentException>(() => new HierarchicalHrrn(bad)).Message;
        foreach (string name in (string[])["Levels", "FirstLevelSeconds", "LevelFactor", "Hysteresis", "AgingRatio", "Exponent", "MemoryWeight", "GuardAfter", "GuardShare"])
            Assert.Contains(name + " is ", message, StringComparison.Ordinal);
    }
}
