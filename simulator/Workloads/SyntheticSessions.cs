using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Core.Workloads;
using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads.Traces;

namespace Astraea.Simulator.Workloads;

/// <summary>Workloads that need no file.</summary>
public static class SyntheticSessions
{
    /// <summary>The agents of the InferCept mixture.</summary>
    public const string InferCept = "infercept-mixture";

    /// <summary>Coding agents.</summary>
    public const string Coding = "coding-agents";

    /// <summary>Customer service.</summary>
    public const string Service = "customer-service";

    /// <summary>A tool time no longer than this: what takes longer has hung (s).</summary>
    private const double ToolSecondsMax = 3_600;

    /// <summary>Names that <see cref="Create"/> knows.</summary>
    public static ImmutableArray<string> Names { get; } = [InferCept, Coding, Service];

    /// <summary>Draws sessions of a workload.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="seed">Same seed, same sessions.</param>
    /// <param name="count">How many (sessions).</param>
    /// <exception cref="ArgumentException">There is no such workload.</exception>
    public static SessionWorkload Create(string name, ulong seed, int count) => name switch
    {
        InferCept => GenericTrace.Convert(name, SyntheticWorkload.Generate(seed, count), seed),
        Coding => Of(name, AgentLaw.CodingAgents, seed, count),
        Service => Of(name, AgentLaw.CustomerService, seed, count),
        _ => throw new ArgumentException($"There is no workload '{name}'; there are {string.Join(", ", Names)}, or name a file.", nameof(name)),
    };

    private static SessionWorkload Of(string name, AgentLaw law, ulong seed, int count)
    {
        SeedTree seeds = new SeedTree(seed).Child(name);
        return new SessionWorkload(name, [.. Enumerable.Range(0, count).Select(i => Draw(law, i, seeds.Child("session", i).Generator()))], []);
    }

    private static SimulatedSession Draw(AgentLaw law, int index, SeededGenerator draws)
    {
        var jobs = ImmutableArray.CreateBuilder<SimulatedJob>();
        var segments = ImmutableArray.CreateBuilder<SimulatedSegment>();
        int calls = law.Calls.DrawCount(draws, 10_000), context = 0;
        double pause = 0;
        for (int call = 1; ; call++)
        {
            int input = call == 1
                ? Math.Max(law.SharedPrompt + 1, law.FirstPrompt.DrawCount(draws, law.ContextTokensMax / 2))
                : law.NewInput.DrawCount(draws, law.ContextTokensMax);
            int output = law.Output.DrawCount(draws, law.ContextTokensMax);
            ToolLaw tool = Pick(law.Tools, draws);
            double toolSeconds = Math.Min(ToolSecondsMax, tool.Duration.Draw(draws));
            double nextPause = law.HumanPause.Draw(draws);
            bool handsBack = draws.NextDouble() < law.HandBackShare;
            input = Math.Min(input, law.ContextTokensMax - context - 1);
            output = Math.Min(output, law.ContextTokensMax - context - input);
            bool full = context + input + output >= law.ContextTokensMax - 1;
            bool last = call >= calls || full || (handsBack && nextPause > law.HumanPauseMax);
            bool endsJob = last || handsBack;
            segments.Add(new SimulatedSegment(context, input, output, endsJob ? null : tool.Name, endsJob ? 0 : toolSeconds));
            context += input + output;
            if (!endsJob)
                continue;
            jobs.Add(new SimulatedJob(pause, segments.ToImmutable()));
            if (last)
                return new SimulatedSession($"{law.Category}-{index}", "default", law.Category, 0, law.Category, law.SharedPrompt, jobs.ToImmutable());
            segments.Clear();
            pause = nextPause;
        }
    }

    private static ToolLaw Pick(IReadOnlyList<ToolLaw> tools, SeededGenerator draws)
    {
        double at = draws.NextDouble() * tools.Sum(static t => t.Weight);
        foreach (ToolLaw tool in tools)
        {
            at -= tool.Weight;
            if (at < 0)
                return tool;
        }
        return tools[^1];
    }
}
