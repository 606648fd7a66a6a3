using Astraea.Core.Placement;

namespace Astraea.Core.Tests.Placement;

public class PlacementRuleTests
{
    private static readonly PlacementOptions Options = new();

    [Fact]
    public void Finish_without_room_waits_for_all_that_is_ahead() =>
        Assert.Equal(4 + 2 + 1, new WorkerLoad(4, 2, 3, false).Finish(1));

    [Theory]
    [InlineData(4.0, 3, 4.0)]
    [InlineData(1.0, 3, 2.0)]
    public void Finish_with_room_shares_the_device(double leased, int sequences, double expected) =>
        Assert.Equal(expected, new WorkerLoad(leased, 0, sequences, true).Finish(1));

    /// <summary>Service 0.2 s at home with KV kept, 1 s elsewhere with KV computed anew; the home has so much work ahead and no room.</summary>
    [Theory]
    [InlineData(0.5, false)]
    [InlineData(1.0, false)]
    [InlineData(1.1, true)]
    public void A_segment_leaves_home_only_when_it_is_done_sooner_by_the_margin(double ahead, bool taken)
    {
        PlacementJudgement judgement = PlacementRule.Away(new WorkerLoad(0, 0, 0, true), 1, new WorkerLoad(ahead, 0, 4, false), 0.2, 0.5, Options);
        Assert.Equal(taken ? PlacementVerdict.Taken : PlacementVerdict.LeftForHome, judgement.Verdict);
        Assert.Equal(taken, judgement.Allowed);
        Assert.Equal(1, judgement.FinishHere);
        Assert.Equal(ahead + 0.2, judgement.FinishThere, 1e-12);
    }

    [Theory]
    [InlineData(0.99, 0.0, true, false)]
    [InlineData(1.0, 0.0, true, true)]
    [InlineData(1.0, 0.1, true, false)]
    [InlineData(1.0, 0.0, false, false)]
    public void A_segment_waits_for_its_home_no_longer_than_it_takes_on_a_worker_with_nothing_else_to_do(
        double waited, double homedHere, bool room, bool taken) =>
        Assert.Equal(taken, PlacementRule.Away(
            new WorkerLoad(0, homedHere, 0, room), 1, new WorkerLoad(0.1, 0, 4, false), 0.2, waited, Options).Allowed);

    [Theory]
    [InlineData(0.0, 0.0, PlacementVerdict.Fresh)]
    [InlineData(3.0, 0.0, PlacementVerdict.LeftForLighter)]
    [InlineData(3.0, 0.6, PlacementVerdict.Fresh)]
    public void A_new_segment_is_left_for_a_lighter_worker_but_not_for_long(double workHere, double waited, PlacementVerdict expected) =>
        Assert.Equal(expected, PlacementRule.Fresh(new WorkerLoad(workHere, 0, 3, true), 1, new WorkerLoad(0, 0, 0, true), 1, waited, Options).Verdict);

    [Fact]
    public void A_new_segment_is_not_left_for_a_worker_without_room() =>
        Assert.True(PlacementRule.Fresh(new WorkerLoad(3, 0, 3, true), 1, new WorkerLoad(0, 0, 0, false), 1, 0, Options).Allowed);

    private static readonly IdleKv Kv = new(1000, CopySeconds: 0.2, UploadSeconds: 0.1, ServiceSeconds: 1, ChanceStillWaiting: 0.8);

    [Fact]
    public void Idle_kv_moves_for_the_gain_the_figures_give() =>
        // Stay: 5 + 1. Move: 1.25 · 1.1, and 0.2 for the copy.
        Assert.Equal(6 - 1.375 - 0.2, MigrationRule.Gain(Kv, new WorkerLoad(5, 0, 4, false), new WorkerLoad(0, 0, 0, true), Options), 1e-12);

    [Fact]
    public void Idle_kv_stays_when_the_tool_may_well_answer_before_the_copy_is_done() =>
        Assert.Equal(0, MigrationRule.Gain(Kv with { ChanceStillWaiting = 0.49 }, new WorkerLoad(5, 0, 4, false), new WorkerLoad(0, 0, 0, true), Options));

    [Fact]
    public void Idle_kv_stays_when_loads_are_alike() =>
        Assert.Equal(0, MigrationRule.Gain(Kv, new WorkerLoad(2, 0, 2, false), new WorkerLoad(2, 0, 2, false), Options));

    [Theory]
    [InlineData(13, 3, true)]
    [InlineData(10, 8, true)]
    [InlineData(9, 8, false)]
    [InlineData(8, 8, false)]
    public void A_move_must_not_make_the_target_the_fuller_home(double source, double target, bool evens) =>
        Assert.Equal(evens, MigrationRule.EvensOut(1, source, target));

    [Fact]
    public void Bad_options_are_named() =>
        Assert.Equal(5, new PlacementOptions
        {
            Margin = -1, Patience = TimeSpan.FromSeconds(11), MigrationGainSeconds = double.NaN, MigrationChance = 2, MigrationAgain = TimeSpan.Zero,
        }.Errors().Count());
}
