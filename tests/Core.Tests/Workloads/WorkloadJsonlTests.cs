using Astraea.Core.Workloads;

namespace Astraea.Core.Tests.Workloads;

public sealed class WorkloadJsonlTests
{
    [Fact]
    public void A_line_is_read_and_the_call_behind_the_last_output_is_dropped()
    {
        WorkloadRequest request = WorkloadJsonl.ParseLine(
            """{"id":"a","category":"ve","more":[1],"segments":[{"new":10,"ctx":10,"out":4,"tool":"go","dur":0.5},{"new":2,"ctx":16,"out":3,"tool":"go","dur":9}]}""", 1);

        Assert.Equal(("a", "ve"), (request.Id, request.Category));
        Assert.Equal([new WorkloadSegment(10, 10, 4, "go", 0.5), new WorkloadSegment(2, 16, 3, null, null)], request.Segments.AsEnumerable());
    }

    [Fact]
    public void A_missing_total_is_filled_in_and_an_unknown_tool_time_stays_unknown()
    {
        WorkloadRequest request = WorkloadJsonl.ParseLine(
            """{"id":"a","segments":[{"new":10,"out":4,"tool":"go","dur":null},{"new":0,"out":3}]}""", 1);

        Assert.Equal([new WorkloadSegment(10, 10, 4, "go", null), new WorkloadSegment(0, 14, 3, null, null)], request.Segments.AsEnumerable());
        Assert.Equal("", request.Category);
    }

    [Theory]
    [InlineData("{", "line 7: not JSON")]
    [InlineData("[]", "line 7: a line is one JSON object")]
    [InlineData("""{"segments":[]}""", "line 7: `id` is missing")]
    [InlineData("""{"id":3,"segments":[]}""", "line 7: `id` must be a string")]
    [InlineData("""{"id":"a"}""", "line 7: `segments` must be an array")]
    [InlineData("""{"id":"a","segments":[]}""", "line 7: `segments` must have 1 to")]
    [InlineData("""{"id":"a","segments":[3]}""", "line 7: segments[0] must be an object")]
    [InlineData("""{"id":"a","segments":[{"out":1}]}""", "line 7: segments[0]: `new` is missing")]
    [InlineData("""{"id":"a","segments":[{"new":1}]}""", "line 7: segments[0]: `out` is missing")]
    [InlineData("""{"id":"a","segments":[{"new":1,"out":0}]}""", "line 7: segments[0]: `out` must be at least 1")]
    [InlineData("""{"id":"a","segments":[{"new":-1,"out":1}]}""", "line 7: segments[0]: `new` must be a whole number")]
    [InlineData("""{"id":"a","segments":[{"new":1.5,"out":1}]}""", "line 7: segments[0]: `new` must be a whole number")]
    [InlineData("""{"id":"a","segments":[{"new":99999999,"out":1}]}""", "line 7: segments[0]: `new` must be a whole number")]
    [InlineData("""{"id":"a","segments":[{"new":16777216,"out":1}]}""", "line 7: segments[0]: the context grows past")]
    [InlineData("""{"id":"a","segments":[{"new":0,"out":1}]}""", "line 7: segments[0]: `new` must be at least 1")]
    [InlineData("""{"id":"a","segments":[{"new":1,"ctx":2,"out":1}]}""", "line 7: segments[0]: `ctx` is 2, but what came before (0) and `new` (1) make 1")]
    [InlineData("""{"id":"a","segments":[{"new":1,"out":1,"tool":null},{"new":1,"out":1}]}""", "line 7: segments[0]: `tool` is null before the last segment")]
    [InlineData("""{"id":"a","segments":[{"new":1,"out":1,"tool":"t","dur":-1},{"new":1,"out":1}]}""", "line 7: segments[0]: `dur` must be seconds")]
    [InlineData("""{"id":"a","segments":[{"t":0.0,"inp":71175,"hit":0,"out":169,"kind":"human"}]}""", "line 7: this is a coding-agent session trace")]
    public void A_bad_line_is_refused_with_its_number_and_place(string line, string start)
    {
        WorkloadFormatException refused = Assert.Throws<WorkloadFormatException>(() => WorkloadJsonl.ParseLine(line, 7));
        Assert.StartsWith(start, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_are_counted_with_empty_ones()
    {
        const string good = """{"id":"a","segments":[{"new":1,"out":1}]}""";
        Assert.Equal(2, WorkloadJsonl.Parse([good, "", good]).Length);
        Assert.StartsWith("line 4:", Assert.Throws<WorkloadFormatException>(() => WorkloadJsonl.Parse([good, "", good, "x"])).Message, StringComparison.Ordinal);
    }
}
