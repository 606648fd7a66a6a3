namespace Astraea.Simulator.Workloads;

/// <summary>A kind of agent by its distributions; sessions are drawn from it.</summary>
/// <param name="Category">Kind of agent.</param>
/// <param name="Calls">Calls of the model in a session (segments).</param>
/// <param name="HandBackShare">Probability that a call hands back to the human and ends the job.</param>
/// <param name="FirstPrompt">Input of the first call (tokens).</param>
/// <param name="SharedPrompt">Leading part of it that all sessions share (tokens).</param>
/// <param name="NewInput">What a tool or a human brings (tokens).</param>
/// <param name="Output">What a call generates (tokens).</param>
/// <param name="Tools">What is called, with weights and durations.</param>
/// <param name="HumanPause">Before the next job (s).</param>
/// <param name="HumanPauseMax">No pause is longer: sessions end instead (s).</param>
/// <param name="ContextTokensMax">A session ends when its context reaches this (tokens).</param>
public sealed record AgentLaw(
    string Category, Lognormal Calls, double HandBackShare, Lognormal FirstPrompt, int SharedPrompt, Lognormal NewInput, Lognormal Output,
    IReadOnlyList<ToolLaw> Tools, Lognormal HumanPause, double HumanPauseMax, int ContextTokensMax)
{
    /// <summary>Coding agents, fitted to the figures of public traces of such sessions.</summary>
    /// <remarks>
    /// Segments 14–56 (p95 37–112), input p50 29–44 K (p95 67–82 K), output p50 58–155 (p95 451–877), new tokens p50 167–365 (p95 2.5–14.7 K); waits p50
    /// 0.04–0.12 s, p90 1.9–9.5 s, p99 20–121 s, 68 % under 1 s, the longest 1 % hold 29 % of all. The waits are two kinds of tools: quick ones (files, searches)
    /// and slow ones (builds, tests). Within those ranges by test.
    /// </remarks>
    public static AgentLaw CodingAgents { get; } = new(
        "coding-agent", new(29, 0.55), 1.0 / 12, new(17_000, 0.3), 8_000, Lognormal.ByMedianAndP95(260, 3_200), Lognormal.ByMedianAndP95(110, 650),
        [new("edit", 0.68, new(0.05, 1.2)), new("build", 0.32, new(3, 1.5))], new(127, 1.95), 7_200, 128_000);

    /// <summary>Customer service: short inputs, a tool or two between two messages of the customer; fitted to airline conversations with tools.</summary>
    public static AgentLaw CustomerService { get; } = new(
        "customer-service", new(11, 0.45), 0.5, new(1_274, 0.02), 1_200, new(50, 1.4), new(45, 0.8),
        [new("look-up", 0.9, Traces.DrawnToolTimes.Service), new("think", 0.1, Traces.DrawnToolTimes.Local)], Traces.DrawnToolTimes.Human, 1_800, 16_000);
}

/// <summary>A tool of a kind of agent.</summary>
/// <param name="Name">Name of the tool.</param>
/// <param name="Weight">Share of the calls.</param>
/// <param name="Duration">How long it takes (s).</param>
public sealed record ToolLaw(string Name, double Weight, Lognormal Duration);
