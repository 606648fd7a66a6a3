using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;
using Astraea.Core.Scheduling;
using Astraea.Core.Tests.Scheduling;

namespace Astraea.Core.Tests.Prediction;

public class ForesightTests
{
    private static readonly CostProfile Costs = SchedulerDesk.Costs;

    private sealed class Future : IKnownFuture
    {
        public KnownSegment? Segment(RequestId request, int ordinal) =>
            request == SchedulerDesk.Id(1) && ordinal == 0 ? new KnownSegment(200, 5, 1000, 30) : null;
    }

    private static RequestStatus Status(int id = 1, int output = 0) =>
        new SchedulerDesk(new ProgramFcfs()).Arrived(id, output: 16) with { OutputTokens = output, MaxOutputTokens = 0, MinOutputTokens = 0 };

    [Fact]
    public void The_clairvoyant_knows_all_of_a_known_request()
    {
        Clairvoyant seer = new(new Future(), new Predictors());
        Assert.Equal(200, seer.OutputTotal(Status()));
        Assert.Equal(201, seer.OutputTotal(Status(output: 200)));
        // 1000 tokens of input at 1 ms and 30 of output at 10 ms.
        Assert.Equal(1.3, seer.WorkAfter(Status(), 0, Costs), 1e-12);
        Assert.Equal(5, seer.ToolAfter(Status()));
        Assert.Equal(1, seer.ToolWorksOn(Status(), 1, 3.9));
        Assert.Equal(0, seer.ToolWorksOn(Status(), 1, 4.1));
    }

    [Fact]
    public void The_segment_oracle_knows_the_segment_and_no_more()
    {
        Predictors learned = new();
        SegmentOracle oracle = new(new Future(), learned);
        Assert.Equal(200, oracle.OutputTotal(Status()));
        Assert.Equal(learned.WorkAfter(Status(), 0, Costs), oracle.WorkAfter(Status(), 0, Costs));
        Assert.Same(learned, oracle.Learned);
    }

    [Fact]
    public void Of_a_request_they_do_not_know_they_ask_who_learns()
    {
        Predictors learned = new();
        Assert.Equal(learned.OutputTotal(Status(2)), new Clairvoyant(new Future(), learned).OutputTotal(Status(2)));
        Assert.Equal(learned.ToolAfter(Status(2)), new Clairvoyant(new Future(), learned).ToolAfter(Status(2)));
    }

    [Fact]
    public void A_distorted_prediction_is_off_by_the_factor_and_keeps_to_the_limits()
    {
        DistortedPredictor distorted = new(new Clairvoyant(new Future(), new Predictors()), _ => 4);
        Assert.Equal(800, distorted.OutputTotal(Status()));
        Assert.Equal(300, distorted.OutputTotal(Status() with { MaxOutputTokens = 300 }));
        Assert.Equal(5.2, distorted.WorkAfter(Status(), 0, Costs), 1e-12);
        Assert.Equal(20, distorted.ToolAfter(Status()));
        // It believes in four times the 5 s.
        Assert.Equal(1, distorted.ToolWorksOn(Status(), 0, 19));
        Assert.Equal(0, distorted.ToolWorksOn(Status(), 0, 21));
    }

    [Fact]
    public void A_scheduler_believes_the_predictor_it_is_given()
    {
        SchedulerMachine machine = new(new HierarchicalHrrn(), predictor: () => new Clairvoyant(new Future(), new Predictors()));
        Assert.IsType<Clairvoyant>(machine.Initial("pool").Predictor);
        Assert.NotSame(machine.Initial("a").Predictors, machine.Initial("b").Predictors);
    }

    [Fact]
    public void Copied_predictors_know_the_same_and_learn_by_themselves()
    {
        Predictors first = new();
        first.Tool.Learn("c", "t", 9);
        first.Output.Learn("c", null, 0, 90);
        Predictors copy = first.Copy();
        Assert.Equal(first.Tool.Remaining("c", "t", 0.5, 0), copy.Tool.Remaining("c", "t", 0.5, 0));
        copy.Output.Learn("c", null, 0, 5000);
        Assert.NotEqual(first.OutputTotal(Status() with { Category = "c" }), copy.OutputTotal(Status() with { Category = "c" }));
    }
}
