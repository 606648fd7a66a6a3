using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Core.Scheduling.Policies;

namespace Astraea.Core.Tests.Scheduling.Policies;

public class ActiveProgramTests
{
    private static readonly Instant Start = new(TimeSpan.FromDays(20_000).Ticks);

    private static ProgramMemory Program(int id, int tokens, RequestPhase phase, bool active = false, bool isNew = false) =>
        new(SchedulerDesk.Id(id), Start + TimeSpan.FromSeconds(id), tokens, phase, isNew, active, 0);

    private static int[] Active(IActivePrograms policy, long pool, params ProgramMemory[] programs)
    {
        bool[] active = new bool[programs.Length];
        policy.Choose(new WorkerMemory(pool, 0.5, 1), 0, programs, active);
        return [.. Enumerable.Range(1, programs.Length).Where(i => active[i - 1])];
    }

    private static ThunderAgent Thunder(double toolWeight = 1) => new(new ThunderAgentOptions { BufferTokens = 0, ToolWeight = toolWeight });

    /// <summary>1000 tokens of room for 1300: the smallest in a tool goes first, then the next in a tool, and only then one that reasons.</summary>
    [Theory]
    [InlineData(1100, new[] { 1, 2, 4 })]
    [InlineData(800, new[] { 1, 2 })]
    [InlineData(650, new[] { 2 })]
    public void Thunderagent_pauses_those_in_tools_smallest_first_then_those_that_reason(int pool, int[] expected) => Assert.Equal(
        expected,
        Active(
            Thunder(), pool, Program(1, 100, RequestPhase.Running, true), Program(2, 600, RequestPhase.Ready, true), Program(3, 200, RequestPhase.ToolWait, true),
            Program(4, 400, RequestPhase.ToolWait, true)));

    [Fact]
    public void Thunderagent_lets_in_returning_programs_before_new_ones_and_small_ones_before_large() => Assert.Equal(
        [1, 3, 4],
        Active(
            Thunder(), 1000, Program(1, 300, RequestPhase.Running, true), Program(2, 900, RequestPhase.Ready), Program(3, 400, RequestPhase.Ready),
            Program(4, 200, RequestPhase.Ready, isNew: true), Program(5, 150, RequestPhase.ToolWait)));

    [Fact]
    public void Thunderagent_always_lets_somebody_on()
    {
        Assert.Equal([1], Active(Thunder(), 100, Program(1, 900, RequestPhase.Ready, isNew: true)));
        Assert.Equal([1], Active(Thunder(), 100, Program(1, 900, RequestPhase.Running, true)));
    }

    [Fact]
    public void A_program_in_a_tool_may_count_for_less() => Assert.Equal(
        [1, 2, 3],
        Active(Thunder(toolWeight: 0.5), 1000, Program(1, 800, RequestPhase.ToolWait, true), Program(2, 300, RequestPhase.Running, true), Program(3, 300, RequestPhase.Ready)));

    [Fact]
    public void The_window_grows_while_there_is_room_and_shrinks_only_when_memory_thrashes()
    {
        AgentWindow window = new(new AgentWindowOptions { Start = 4, Grow = 0.5, Cut = 0.5, UsageHigh = 0.9, HitLow = 0.5 });
        Assert.Equal(4, window.Next(new WorkerMemory(100, 0, 1), 0));
        Assert.Equal(4.5, window.Next(new WorkerMemory(100, 0.89, 0), 4));
        Assert.Equal(4, window.Next(new WorkerMemory(100, 0.95, 0.8), 4));
        Assert.Equal(2, window.Next(new WorkerMemory(100, 0.95, 0.2), 4));
        Assert.Equal(1, window.Next(new WorkerMemory(100, 0.95, 0.2), 1.5));
    }

    /// <summary>Room for two: the one that runs stays whatever the window says, then who was in, then by arrival.</summary>
    [Fact]
    public void Who_is_in_stays_in_and_who_runs_is_never_put_out()
    {
        AgentWindow window = new(new AgentWindowOptions { Start = 2 });
        Assert.Equal(
            [3, 4],
            Active(window, 100, Program(1, 1, RequestPhase.Ready), Program(2, 1, RequestPhase.Ready), Program(3, 1, RequestPhase.ToolWait, true), Program(4, 1, RequestPhase.Running, true)));
        Assert.Equal([1, 2], Active(window, 100, Program(1, 1, RequestPhase.Ready), Program(2, 1, RequestPhase.Ready), Program(3, 1, RequestPhase.Ready)));
        Assert.Equal(
            [1, 2, 3],
            Active(window, 100, Program(1, 1, RequestPhase.Running, true), Program(2, 1, RequestPhase.Running, true), Program(3, 1, RequestPhase.Running, true)));
    }

    [Fact]
    public void Tenants_are_compared_with_the_one_that_has_had_least()
    {
        TenantId flood = new("flood"), quiet = new("quiet"), late = new("late");
        TenantShares shares = new();
        shares.Join(flood);
        shares.Serve(flood, 50);
        Assert.Equal(0, shares.Lead(flood));
        shares.Join(quiet);
        Assert.Equal(0, shares.Lead(quiet));
        shares.Serve(flood, 30);
        shares.Serve(quiet, 10);
        Assert.Equal(20, shares.Lead(flood));
        // Who comes late begins beside the least served, and does not get what it was away for.
        shares.Join(late);
        Assert.Equal(20, shares.Lead(flood));
        Assert.Equal(0, shares.Lead(late));
        shares.Leave(quiet);
        shares.Leave(late);
        Assert.Equal(0, shares.Lead(flood));
        Assert.Equal(0, shares.Lead(quiet));
    }
}
