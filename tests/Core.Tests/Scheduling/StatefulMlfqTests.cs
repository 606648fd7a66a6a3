using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

public class StatefulMlfqTests
{
    private static readonly Instant Now = new(TimeSpan.FromDays(20_000).Ticks);

    /// <summary>SCHEDULING.md §1: current queue, token cost of the ended segment, whether it yields to a tool, the queue that follows.</summary>
    [Theory]
    [InlineData(-1, 0, false, 0)]
    [InlineData(0, 128, true, 0)]
    [InlineData(0, 129, true, 1)]
    [InlineData(0, 129, false, 1)]
    [InlineData(1, 256, true, 0)]
    [InlineData(1, 256, false, 1)]
    [InlineData(1, 257, true, 2)]
    [InlineData(2, 384, true, 1)]
    [InlineData(2, 385, true, 3)]
    [InlineData(3, 512, true, 2)]
    [InlineData(3, 513, true, 4)]
    [InlineData(4, 640, true, 3)]
    [InlineData(4, 641, true, 5)]
    [InlineData(5, 100_000, true, 5)]
    [InlineData(5, 640, true, 4)]
    [InlineData(5, 641, true, 5)]
    public void Queues_follow_the_token_cost_at_the_end_of_a_segment(int current, int cost, bool tool, int expected) =>
        Assert.Equal(expected, new StatefulMlfq().Level(new LevelInputs(current, cost, tool, 1000, 1, 1), Now));

    /// <summary>Aging is judged while waiting, only in the last queue, above (W + T)/T = 8.</summary>
    [Theory]
    [InlineData(5, 7.0, 1.0, 5)]
    [InlineData(5, 7.5, 1.0, 0)]
    [InlineData(5, 14.0, 2.0, 5)]
    [InlineData(4, 1_000_000.0, 1.0, 4)]
    [InlineData(1, 1_000_000.0, 1.0, 1)]
    [InlineData(0, 1_000_000.0, 1.0, 0)]
    public void Only_the_last_queue_ages(int current, double waited, double service, int expected) =>
        Assert.Equal(expected, new StatefulMlfq().Level(new LevelInputs(current, 0, false, waited, service, service), Now));

    [Theory]
    [InlineData(0, 2, 1.0)]
    [InlineData(6, 2, 4.0)]
    [InlineData(1, 4, 1.25)]
    public void The_score_is_waited_plus_service_over_service(double waited, double service, double expected)
    {
        Rank rank = new StatefulMlfq().Rank(RankInput.Of(level: 3, waited: waited, segment: service, remaining: 999), 100, Now);
        Assert.Equal(3, rank.Band);
        Assert.Equal(expected, rank.Score);
    }

    [Fact]
    public void It_is_the_papers_policy_in_every_switch()
    {
        StatefulMlfq policy = new();
        Assert.Equal(6, policy.Queues);
        Assert.Equal("pressure-paper", policy.Kv.Name);
        Assert.True(policy.CarriesDiscards);
        Assert.True(policy.LowerQueuesFill);
        Assert.False(policy.BatchSynchronous);
        Assert.False(policy.PreemptsRunning);
        Assert.Equal(double.PositiveInfinity, policy.GuardAfter);
    }

    [Fact]
    public void Bad_options_are_refused_by_name()
    {
        Assert.Contains("Thresholds[1] is 5", Assert.Throws<ArgumentException>(() => new StatefulMlfq(new() { Thresholds = [10, 5] })).Message, StringComparison.Ordinal);
        Assert.Contains("AgingRatio", Assert.Throws<ArgumentException>(() => new StatefulMlfq(new() { AgingRatio = double.NaN })).Message, StringComparison.Ordinal);
    }
}
