using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;
using Astraea.Simulator.Workloads.Traces;

namespace Astraea.Simulator.Tests.Workloads;

public sealed class ClaudeCodeTraceTests
{
    [Fact]
    public void A_human_begins_a_job_and_the_pause_is_not_part_of_it()
    {
        SimulatedSession session = Only("""
            {"id":"s","segments":[
            {"t":0,"inp":1000,"hit":0,"out":50,"kind":"human","think":0,"api":2,"stop":"tool_use"},
            {"t":12,"inp":1400,"hit":960,"out":20,"kind":"tool","think":10,"api":1,"stop":"end_turn"},
            {"t":99,"inp":1500,"hit":1344,"out":30,"kind":"human","think":86,"api":1,"stop":"end_turn"}]}
            """);
        Assert.Equal(2, session.Jobs.Length);
        Assert.Equal([new SimulatedSegment(0, 1000, 50, "tool", 10), new SimulatedSegment(1050, 350, 20, null, 0)], session.Jobs[0].Segments.ToArray());
        Assert.Equal(0, session.Jobs[0].PauseSeconds);
        Assert.Equal(86, session.Jobs[1].PauseSeconds);
        Assert.Equal([new SimulatedSegment(1420, 80, 30, null, 0)], session.Jobs[1].Segments.ToArray());
    }

    [Fact]
    public void Where_less_is_reused_than_the_prior_input_the_rest_is_dead()
    {
        SessionWorkload read = Read("""
            {"id":"s","segments":[
            {"t":0,"inp":10000,"hit":0,"out":50,"kind":"human","think":0,"api":2,"stop":"tool_use"},
            {"t":12,"inp":4000,"hit":2048,"out":20,"kind":"tool","think":10,"api":1,"stop":"end_turn"}]}
            """);
        Assert.Equal(new SimulatedSegment(2048, 1952, 20, null, 0), read.Sessions[0].Jobs[0].Segments[1]);
        Assert.Contains("1 calls reuse less than 90 %", string.Join(' ', read.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_is_not_sent_back_is_dead()
    {
        SimulatedSession session = Only("""
            {"id":"s","segments":[
            {"t":0,"inp":1000,"hit":0,"out":500,"kind":"human","think":0,"api":2,"stop":"tool_use"},
            {"t":12,"inp":1100,"hit":960,"out":20,"kind":"tool","think":10,"api":1,"stop":"end_turn"}]}
            """);
        Assert.Equal(new SimulatedSegment(960, 140, 20, null, 0), session.Jobs[0].Segments[1]);
    }

    [Fact]
    public void A_sub_agent_is_a_session_of_its_own_and_its_run_is_not_tool_time()
    {
        SessionWorkload read = Read("""
            {"id":"s","segments":[
            {"t":0,"inp":1000,"hit":0,"out":50,"kind":"human","think":0,"api":2,"stop":"tool_use"},
            {"t":40,"type":"subagent","agent_id":"a1","duration_ms":30000,"sub":[{"t":0,"inp":500,"hit":0,"out":9,"kind":"human","think":0,"api":1,"stop":"end_turn"}]},
            {"t":42,"inp":1400,"hit":960,"out":20,"kind":"tool","think":38,"api":null,"stop":"end_turn"}]}
            """);
        Assert.Equal(["s/a1", "s"], read.Sessions.Select(static s => s.Id));
        Assert.Equal(ClaudeCodeTrace.SubAgentCategory, read.Sessions[0].Category);
        Assert.Equal(8, read.Sessions[1].Jobs[0].Segments[0].ToolSeconds);
        Assert.Equal(SessionHalves.Of("s"), SessionHalves.Of("s/a1#3"));
    }

    [Fact]
    public void A_pause_that_is_not_recorded_is_the_distance_of_the_calls()
    {
        SimulatedSession session = Only("""
            {"id":"s","segments":[
            {"t":0,"inp":1000,"hit":0,"out":50,"kind":"human","think":0,"api":2,"stop":"end_turn"},
            {"t":12,"inp":1400,"hit":960,"out":20,"kind":"human","think":null,"api":1,"stop":"end_turn"}]}
            """);
        Assert.Equal(10, session.Jobs[1].PauseSeconds);
    }

    [Theory]
    [InlineData("""{"id":"s","segments":[{"t":0,"inp":-1,"hit":0,"out":5,"kind":"human","think":0,"api":2}]}""", "line 1: segments[0]: `inp`")]
    [InlineData("""{"id":"s","segments":[{"t":0,"inp":1,"hit":2,"out":5,"kind":"human","think":0,"api":2}]}""", "`hit` 2")]
    [InlineData("""{"id":"s","segments":[{"t":0,"inp":1,"hit":0,"out":5,"kind":"human","think":"x","api":2}]}""", "`think` must be seconds, is \"x\"")]
    [InlineData("""{"id":"s"}""", "`segments` must be an array")]
    public void A_bad_line_is_named(string line, string expected)
    {
        TraceException e = Assert.Throws<TraceException>(() => ClaudeCodeTrace.Read("file", [line]));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    private static SimulatedSession Only(string json) => Assert.Single(Read(json).Sessions);

    private static SessionWorkload Read(string json) => TraceFile.Parse("file", [json.ReplaceLineEndings(" ")], 1);
}
