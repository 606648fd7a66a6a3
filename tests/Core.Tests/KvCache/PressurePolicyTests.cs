using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;

namespace Astraea.Core.Tests.KvCache;

public sealed class PressurePolicyTests
{
    private static readonly Instant Now = new(1_000_000_000);
    private static readonly KvPressureSettings Settings = KvPressureSettings.Default;

    private static KvChoice Decide(int held, int hostRoom = 100, bool ignoresHost = false, double waited = 0) =>
        PressurePolicy.Decide(
            new KvSituation(100, held, 0, 10, 10, hostRoom), Settings with { DiscardIgnoresHost = ignoresHost }, Now - TimeSpan.FromSeconds(waited), Now);

    [Theory]
    [InlineData(59, 100, KvDecision.Preserve)]
    [InlineData(60, 100, KvDecision.Swap)]
    [InlineData(89, 100, KvDecision.Swap)]
    [InlineData(90, 100, KvDecision.Swap)]
    [InlineData(90, 9, KvDecision.Discard)]
    [InlineData(60, 9, KvDecision.Discard)]
    [InlineData(10, 0, KvDecision.Preserve)]
    public void Pressure_chooses_and_only_a_full_host_tier_discards(int held, int hostRoom, KvDecision expected)
    {
        Assert.Equal(expected, Decide(held, hostRoom).Decision);
        KvWait wait = new("", "tool", Now, new ToolDuration());
        Assert.Equal(expected, PressureKv.Lazy().Decide(new KvSituation(100, held, 0, 10, 10, hostRoom), wait, Now).Decision);
    }

    [Fact]
    public void Read_literally_critical_pressure_discards_whatever_room_there_is()
    {
        Assert.Equal(KvDecision.Discard, Decide(95, ignoresHost: true).Decision);
        Assert.Equal(KvDecision.Swap, Decide(80, ignoresHost: true).Decision);
    }

    [Fact]
    public void Reserved_blocks_count_as_pressure()
    {
        KvSituation situation = new(100, 40, 30, 10, 10, 100);
        Assert.Equal(0.7, situation.Pressure, 12);
        Assert.Equal(KvDecision.Swap, PressurePolicy.Decide(situation, Settings, Now, Now).Decision);
    }

    [Fact]
    public void The_cache_only_rule_never_pins() =>
        Assert.Equal(KvDecision.None, new CacheOnly().Decide(new KvSituation(100, 10, 0, 10, 10, 100), new KvWait("", "tool", Now, new ToolDuration()), Now).Decision);

    [Fact]
    public void A_preserve_is_reviewed_and_ends_when_the_tool_does_not_return()
    {
        Assert.Equal(Now + Settings.ReviewAfter, Decide(10).ReviewAt);
        KvChoice late = Decide(10, waited: Settings.PreserveAtMost.TotalSeconds);
        Assert.Equal(KvDecision.Swap, late.Decision);
        Assert.Contains("worked for 300 s", late.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Reasons_carry_the_figures()
    {
        Assert.Equal("pressure 0.70 = (70 held + 0 reserved) / 100 ≥ 0.60: swap, 10 of 10 blocks to copy, host room 100", Decide(70).Reason);
        Assert.Equal("pressure 0.95 = (95 held + 0 reserved) / 100 ≥ 0.90: discard, host room 3 < 10 blocks to copy", Decide(95, hostRoom: 3).Reason);
        Assert.Equal("pressure 0.10 = (10 held + 0 reserved) / 100 < 0.60: preserve 10 blocks", Decide(10).Reason);
    }

    [Fact]
    public void The_longest_wait_gives_way_first_under_pressure_and_the_due_one_otherwise()
    {
        PreservedKv preserved = new();
        RequestId a = new(1), b = new(2);
        preserved.Set(a, Now, Now + TimeSpan.FromSeconds(30));
        preserved.Set(b, Now + TimeSpan.FromSeconds(5), Now + TimeSpan.FromSeconds(10));
        Assert.Null(preserved.Next(aboveWatermark: false, Now));
        Assert.Equal(a, preserved.Next(aboveWatermark: true, Now));
        Assert.Equal(b, preserved.Next(aboveWatermark: false, Now + TimeSpan.FromSeconds(10)));
        preserved.Set(b, Now, Now + TimeSpan.FromSeconds(60));
        Assert.Equal(Now + TimeSpan.FromSeconds(30), preserved.NextReview);
        preserved.Remove(a);
        preserved.Remove(b);
        Assert.Null(preserved.Next(aboveWatermark: true, Now));
        Assert.Equal(0, preserved.Count);
    }
}
