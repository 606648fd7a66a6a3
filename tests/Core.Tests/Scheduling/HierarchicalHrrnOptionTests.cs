using Astraea.Core.KvCache.Policies;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>The options that are not the core, one by one.</summary>
public class HierarchicalHrrnOptionTests
{
    private static readonly Instant Now = new(TimeSpan.FromDays(20_000).Ticks);

    private static int Band(HierarchicalHrrnOptions options, RankInputs inputs) => new HierarchicalHrrn(options).Rank(inputs, 100, Now).Band;

    /// <summary>Bounds 1, 4, 16, 64: at level 2 with 5 s to go it stands at level 1, and with 3.9 s left of these at level 0.</summary>
    [Theory]
    [InlineData(1, 5.0, 1)]
    [InlineData(1, 3.9, 0)]
    [InlineData(0, 5.0, 2)]
    [InlineData(0, 3.9, 1)]
    [InlineData(2, 5.0, 0)]
    public void Who_runs_stands_better_than_its_work_says_and_only_ever_better(int lead, double remaining, int expected) =>
        Assert.Equal(expected, Band(new() { RunningLead = lead }, RankInput.Of(level: 2, remaining: remaining)));

    [Fact]
    public void Running_longer_than_predicted_does_not_make_a_rank_worse() =>
        Assert.Equal(1, Band(new(), RankInput.Of(level: 2, remaining: 1e6)));

    /// <summary>Levels 1 and 2 hold 1–4 s and 4–16 s: 3.9 s would displace 4.1 s without the lead, and does not with it; 0.9 s displaces both.</summary>
    [Fact]
    public void Nobody_gives_way_to_work_of_about_the_same_size()
    {
        HierarchicalHrrn policy = new();
        int running = policy.Rank(RankInput.Of(level: 2, remaining: 4.1), 100, Now).Band;
        Assert.False(policy.Rank(RankInput.Of(level: 1, remaining: 3.9, readySince: Now, isolated: 1), 100, Now).Band < running);
        Assert.True(policy.Rank(RankInput.Of(level: 0, remaining: 0.9, readySince: Now, isolated: 1), 100, Now).Band < running);
    }

    [Theory]
    [InlineData(0.79, 3)]
    [InlineData(0.8, 0)]
    public void Late_in_a_segment_nobody_is_displaced_any_more(double served, int expected) => Assert.Equal(
        expected, Band(new() { PreemptUntil = 0.8, RunningLead = 0 }, RankInput.Of(level: 3, segment: 1, remaining: 50) with { ServedSeconds = served }));

    [Theory]
    [InlineData(1.0, 1.0 / 10)]
    [InlineData(0.5, 1.0 / 6)]
    [InlineData(0.0, 1.0 / 2)]
    public void The_work_after_the_segment_counts_as_much_as_it_is_told_to(double weight, double expected) => Assert.Equal(
        expected, new HierarchicalHrrn(new() { RestWeight = weight, Exponent = WaitExponent.Zero }).Rank(RankInput.Of(segment: 2, remaining: 10), 100, Now).Score, 1e-12);

    [Fact]
    public void With_skip_join_levels_follow_what_was_had_from_the_level_of_the_first_segment()
    {
        HierarchicalHrrn policy = new(new() { SkipJoin = true });
        Assert.Equal(0, policy.Level(new LevelInputs(-1, 0, false, 0, 0.5, 1000), Now));
        Assert.Equal(2, policy.Level(new LevelInputs(-1, 0, false, 0, 5, 1000), Now));
        Assert.Equal(3, policy.Level(new LevelInputs(0, 0, false, 0, 0.5, 1000) { AttainedSeconds = 30 }, Now));
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(10, 1.0)]
    [InlineData(20, 0.5)]
    [InlineData(40, 0.25)]
    public void A_tenant_ahead_of_the_others_falls_behind(double lead, double expected) => Assert.Equal(
        expected, new HierarchicalHrrn(new() { TenantSlackSeconds = 10 }).Rank(RankInput.Of() with { TenantLead = lead }, 100, Now).Score);

    [Fact]
    public void The_kv_rule_is_an_option()
    {
        Assert.IsType<PressureKv>(new HierarchicalHrrn().Kv);
        Assert.IsType<HazardKv>(new HierarchicalHrrn(new() { Kv = KvRule.Hazard }).Kv);
        Assert.IsType<RankedTierKv>(new HierarchicalHrrn(new() { Kv = KvRule.RankedTiers }).Kv);
        Assert.IsType<CacheOnly>(new HierarchicalHrrn(new() { Kv = KvRule.CacheOnly }).Kv);
        Assert.Null(new HierarchicalHrrn().Active);
        Assert.IsType<AgentWindow>(new HierarchicalHrrn(new() { Window = new() }).Active);
    }

    [Fact]
    public void Scores_follow_from_columns_as_long_as_no_option_needs_more()
    {
        Assert.True(new HierarchicalHrrn().ScoresColumns);
        Assert.False(new HierarchicalHrrn(new() { RestWeight = 0.5 }).ScoresColumns);
        Assert.False(new HierarchicalHrrn(new() { SkipJoin = true }).ScoresColumns);
        Assert.False(new HierarchicalHrrn(new() { TenantSlackSeconds = 10 }).ScoresColumns);
    }

    [Fact]
    public void Bad_options_are_refused_by_name()
    {
        HierarchicalHrrnOptions bad = new()
        {
            RunningLead = -1, PreemptUntil = 0, RestWeight = 2, TenantSlackSeconds = 0, Kv = (KvRule)9, Hazard = new() { FreeBelow = 2 },
            RankedTiers = new() { PoolShare = 0 }, Window = new() { Start = 0 },
        };
        string message = Assert.Throws<ArgumentException>(() => new HierarchicalHrrn(bad)).Message;
        foreach (string name in (string[])["RunningLead", "PreemptUntil", "RestWeight", "TenantSlackSeconds", "Kv", "Hazard: FreeBelow", "RankedTiers: PoolShare", "Window: Start"])
            Assert.Contains(name + " is ", message, StringComparison.Ordinal);
    }
}
