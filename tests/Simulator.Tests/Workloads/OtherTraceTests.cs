using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;
using Astraea.Simulator.Workloads.Traces;

namespace Astraea.Simulator.Tests.Workloads;

public sealed class OtherTraceTests
{
    [Fact]
    public void A_line_of_the_mixture_is_one_job_and_a_chat_turn_is_a_tool()
    {
        SimulatedSession session = Assert.Single(TraceFile.Parse("mix", [
            """{"id":"a","category":"chatbot","segments":[{"new":10,"ctx":10,"out":5,"tool":"chatbot","dur":28.5},{"new":3,"ctx":18,"out":4,"tool":"chatbot","dur":9}]}"""], 1).Sessions);
        SimulatedJob job = Assert.Single(session.Jobs);
        Assert.Equal([new SimulatedSegment(0, 10, 5, "chatbot", 28.5), new SimulatedSegment(15, 3, 4, null, 0)], job.Segments.ToArray());
    }

    [Fact]
    public void The_tool_user_is_a_human_and_ends_the_job()
    {
        string[] lines = ["""{"id":"a","category":"tau","segments":[{"new":10,"out":5,"tool":"look_up","dur":null},{"new":3,"out":4,"tool":"user","dur":null},{"new":2,"out":1,"tool":null,"dur":null}]}"""];
        SessionWorkload read = TraceFile.Parse("tau", lines, 7);
        SimulatedSession session = Assert.Single(read.Sessions);
        Assert.Equal(2, session.Jobs.Length);
        Assert.True(session.Jobs[0].Segments[0].ToolSeconds > 0);
        Assert.Equal((string?)null, session.Jobs[0].Segments[1].Tool);
        Assert.Equal(0, session.Jobs[0].Segments[1].ToolSeconds);
        Assert.True(session.Jobs[1].PauseSeconds > 0);
        Assert.Contains("2 tool times are not recorded and drawn", Assert.Single(read.Notes), StringComparison.Ordinal);
        Assert.Equal(session.Jobs[1].PauseSeconds, TraceFile.Parse("tau", lines, 7).Sessions[0].Jobs[1].PauseSeconds);
        Assert.NotEqual(session.Jobs[1].PauseSeconds, TraceFile.Parse("tau", lines, 8).Sessions[0].Jobs[1].PauseSeconds);
    }

    [Fact]
    public void Blocks_that_go_on_make_a_session_and_common_ones_a_prefix()
    {
        SessionWorkload read = TraceFile.Parse("mooncake", [
            """{"timestamp":0,"input_length":1100,"output_length":10,"hash_ids":[0,1,2]}""",
            """{"timestamp":1000,"input_length":1100,"output_length":10,"hash_ids":[0,3,4]}""",
            """{"timestamp":5000,"input_length":1600,"output_length":7,"hash_ids":[0,1,5,6]}"""], 1);
        Assert.Equal(2, read.Sessions.Length);
        SimulatedSession first = read.Sessions[0];
        Assert.Equal(("blocks-0", 512), (first.SharedPrefix, first.SharedTokens));
        Assert.Equal(first.SharedPrefix, read.Sessions[1].SharedPrefix);
        Assert.Equal(5, first.Jobs[1].PauseSeconds);
        Assert.Equal([new SimulatedSegment(1110, 490, 7, null, 0)], first.Jobs[1].Segments.ToArray());
        Assert.Equal(1, read.Sessions[1].ArrivalSeconds);
    }

    [Fact]
    public void A_call_of_the_arrival_record_is_a_session()
    {
        SessionWorkload read = TraceFile.Parse("azure", [AzureTrace.Header, "2023-11-16 18:17:03.9799600,4808,10", "2023-11-16 18:17:04.4799600,3180,8", "2023-11-16 18:17:05,0,8"], 1);
        Assert.Equal([0.0, 0.5], read.Sessions.Select(static s => Math.Round(s.ArrivalSeconds, 6)));
        Assert.Equal(new SimulatedSegment(0, 3180, 8, null, 0), read.Sessions[1].Jobs[0].Segments[0]);
        Assert.Single(read.Notes);
    }

    [Theory]
    [InlineData("nonsense", "line 1: not JSON")]
    [InlineData("""{"timestamp":0,"input_length":1100,"output_length":10,"hash_ids":[0,1]}""", "`hash_ids` has 2 entries for 1100 tokens")]
    [InlineData("""{"id":"a","segments":[]}""", "`segments`")]
    public void A_bad_line_is_named(string line, string expected)
    {
        TraceException e = Assert.Throws<TraceException>(() => TraceFile.Parse("file", [line], 1));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_arrival_is_named_by_its_line()
    {
        TraceException e = Assert.Throws<TraceException>(() => TraceFile.Parse("azure", [AzureTrace.Header, "2023-11-16,x,1"], 1));
        Assert.Contains("line 2: '2023-11-16,x,1'", e.Message, StringComparison.Ordinal);
    }
}
