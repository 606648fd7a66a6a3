using Astraea.Core.Determinism;
using Astraea.Core.Prediction;

namespace Astraea.Core.Tests.Prediction;

public class ToolDurationTests
{
    /// <summary>Exponential of mean 10: memoryless, so whatever has passed, the median still to wait is 10·ln 2 = 6.93 s.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(15)]
    public void Conditional_quantiles_of_a_memoryless_tool_do_not_depend_on_the_time_passed(double elapsed)
    {
        ToolDuration tool = new();
        SeededGenerator random = new(3);
        for (int i = 0; i < 4000; i++)
            tool.Learn("agent", "build", 10 * random.NextExponential());
        Assert.InRange(tool.Remaining("agent", "build", 0.5, elapsed), 6.93 * 0.65, 6.93 * 1.4);
        Assert.InRange(tool.StillWorksAfter("agent", "build", elapsed, 10), 0.25, 0.5);
    }

    [Fact]
    public void Several_quantiles_at_once_are_the_single_ones()
    {
        ToolDuration tool = new();
        SeededGenerator random = new(4);
        for (int i = 0; i < 300; i++)
            tool.Learn("agent", "build", 10 * random.NextExponential());
        double[] shares = [0.05, 0.5, 0.95];
        double[] seconds = new double[3];
        tool.Remaining("agent", "build", shares, 2, seconds);
        for (int i = 0; i < 3; i++)
            Assert.Equal(tool.Remaining("agent", "build", shares[i], 2), seconds[i]);
    }

    [Fact]
    public void A_command_word_has_durations_of_its_own_and_a_new_one_leans_on_its_tool()
    {
        ToolDuration tool = new();
        for (int i = 0; i < 100; i++)
        {
            tool.Learn("coder", "bash ls", 0.1);
            tool.Learn("coder", "bash make", 60);
            tool.Learn("coder", "search", 1);
        }
        Assert.InRange(tool.Remaining("coder", "bash ls", 0.5, 0), 0.09, 4);
        Assert.InRange(tool.Remaining("coder", "bash make", 0.5, 0), 55, 60.5);
        // Half of what the shell has run took 0.1 s; a search would have taken 1 s.
        Assert.InRange(tool.Remaining("coder", "bash git", 0.9, 0), 50, 60.5);
    }

    [Fact]
    public void A_human_pause_is_a_class_of_its_own()
    {
        ToolDuration tool = new();
        for (int i = 0; i < 100; i++)
        {
            tool.Learn("coder", "bash", 1);
            tool.Learn("coder", null, 300);
        }
        Assert.InRange(tool.Remaining("coder", "bash", 0.9, 0), 0.9, 1.1);
        Assert.InRange(tool.Remaining("coder", null, 0.1, 0), 280, 301);
        Assert.InRange(tool.Remaining("unheard of", "new", 0.9, 0), 0.9, 1.1);
        Assert.InRange(tool.Remaining("unheard of", null, 0.5, 0), 280, 301);
    }

    [Theory]
    [InlineData("bash", """{"command":"ls -la /tmp"}""", "bash ls")]
    [InlineData("bash", """{"cmd":"cd /repo && FOO=1 /usr/bin/pytest -q"}""", "bash pytest")]
    [InlineData("bash", """{"command":["sudo make","-j"]}""", "bash make")]
    [InlineData("bash", """{"command":"sudo make -j"}""", "bash make")]
    [InlineData("bash", """{"command":""}""", "bash")]
    [InlineData("bash", """{"command":7}""", "bash")]
    [InlineData("search", """{"query":"ls"}""", "search")]
    [InlineData("search", "no json", "search")]
    [InlineData("search", "[1]", "search")]
    public void A_shell_call_is_named_by_its_first_program(string name, string arguments, string expected) =>
        Assert.Equal(expected, ToolClass.Of(name, arguments));
}
