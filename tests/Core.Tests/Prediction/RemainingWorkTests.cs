using Astraea.Core.Determinism;
using Astraea.Core.Prediction;

namespace Astraea.Core.Tests.Prediction;

public class RemainingWorkTests
{
    private static RequestProgress At(string category = "coder", int ordinal = 0, string? tool = null, double attained = 0, long grown = 0, string? before = null) =>
        new(category, ordinal, tool, before, attained, grown);

    [Fact]
    public void With_nothing_known_as_much_again_is_expected() => Assert.Equal(3, new RemainingWork().After(At(ordinal: 2, attained: 3)));

    [Fact]
    public void It_is_learned_by_turn()
    {
        RemainingWork remaining = new();
        for (int i = 0; i < 200; i++)
        {
            remaining.Learn(At(), 9);
            remaining.Learn(At(ordinal: 1, tool: "bash", attained: 5), 4);
            remaining.Learn(At(ordinal: 2, tool: "bash", attained: 9), 0);
        }
        Assert.InRange(remaining.After(At()), 8.5, 9.5);
        Assert.InRange(remaining.After(At(ordinal: 1, tool: "bash", attained: 5)), 3.6, 4.6);
        Assert.InRange(remaining.After(At(ordinal: 2, tool: "bash", attained: 9)), 0, 0.6);
    }

    /// <summary>The turn says nothing here; that the last two tools were an edit and a test says that the request is nearly done.</summary>
    [Fact]
    public void The_side_that_tells_requests_apart_is_believed()
    {
        RemainingWork remaining = new();
        SeededGenerator random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            bool done = random.NextInt(2) == 0;
            remaining.Learn(At(ordinal: random.NextInt(12), tool: "test", before: done ? "edit" : "read"), done ? 1 : 100);
        }
        Assert.InRange(remaining.After(At(ordinal: 3, tool: "test", before: "edit")), 0.5, 15);
        Assert.InRange(remaining.After(At(ordinal: 3, tool: "test", before: "read")), 75, 105);
    }

    /// <summary>Nothing tells requests apart: then all are near the mean, and the order falls back on the segment at hand.</summary>
    [Fact]
    public void Where_no_side_tells_anything_the_mean_is_believed()
    {
        RemainingWork remaining = new();
        SeededGenerator random = new(6);
        for (int i = 0; i < 4000; i++)
            remaining.Learn(At(ordinal: random.NextInt(6), tool: "t" + random.NextInt(3), attained: random.NextInt(50), grown: random.NextInt(5000)), 10 * random.NextExponential());
        for (int turn = 0; turn < 6; turn++)
            Assert.InRange(remaining.After(At(ordinal: turn, tool: "t1", attained: 20, grown: 1000)), 6, 14);
    }

    [Fact]
    public void Missing_categories_are_a_category()
    {
        RemainingWork remaining = new();
        for (int i = 0; i < 100; i++)
            remaining.Learn(At(category: "", ordinal: 1), 7);
        Assert.InRange(remaining.After(At(category: "", ordinal: 1)), 6.5, 7.1);
        Assert.InRange(remaining.After(At(category: "new", ordinal: 1)), 6, 7.1);
    }

    [Fact]
    public void A_copy_knows_the_same_and_learns_by_itself()
    {
        RemainingWork first = new();
        for (int i = 0; i < 50; i++)
            first.Learn(At(), 5);
        RemainingWork copy = first.Copy();
        Assert.Equal(first.After(At()), copy.After(At()));
        double before = first.After(At());
        for (int i = 0; i < 500; i++)
            copy.Learn(At(), 500);
        Assert.Equal(before, first.After(At()));
        Assert.InRange(copy.After(At()), 300, 500);
    }

    [Fact]
    public void What_is_no_duration_is_not_learned()
    {
        RemainingWork remaining = new();
        remaining.Learn(At(), double.NaN);
        remaining.Learn(At(), -1);
        Assert.Equal(2, remaining.After(At(attained: 2)));
    }
}
