using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Core.Workloads;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Sessions of the generic schema: one line, one session.</summary>
/// <remarks>
/// A segment that ends in the tool <c>user</c> hands back to a human: the job ends there, the next one begins after the pause. All other tools stay inside
/// the job; so do the chatbot turns of the InferCept mixture, as published (one line is one job, ending at its last model output; SCHEDULING.md §6).
/// </remarks>
public static class GenericTrace
{
    /// <summary>The tool that is a human.</summary>
    public const string HumanTool = "user";

    /// <summary>Reads the lines of a file.</summary>
    /// <param name="name">Name in tables.</param>
    /// <param name="lines">One JSON object each.</param>
    /// <param name="seed">Of the times that the trace does not give.</param>
    /// <exception cref="TraceException">A line is not in the schema.</exception>
    public static SessionWorkload Read(string name, IEnumerable<string> lines, ulong seed)
    {
        try
        {
            return Convert(name, WorkloadJsonl.Parse(lines), seed);
        }
        catch (WorkloadFormatException e)
        {
            throw new TraceException($"{name}: {e.Message}", e);
        }
    }

    /// <summary>Makes sessions of requests.</summary>
    public static SessionWorkload Convert(string name, ImmutableArray<WorkloadRequest> requests, ulong seed)
    {
        SeedTree seeds = new SeedTree(seed).Child("tool-times");
        int unknown = requests.Sum(static r => r.Segments.Count(static s => s is { Tool: not null, ToolSeconds: null }));
        ImmutableArray<string> notes = unknown == 0
            ? []
            : [$"{unknown} tool times are not recorded and drawn: services {Say(DrawnToolTimes.Service)}, local tools {Say(DrawnToolTimes.Local)}, humans {Say(DrawnToolTimes.Human)}."];
        return new SessionWorkload(name, [.. requests.Select(r => Session(r, seeds.Child(r.Id).Generator()))], notes);
    }

    private static string Say(Lognormal law) => $"lognormal with median {law.Median:0.##} s and σ = {law.Sigma:0.##}";

    private static SimulatedSession Session(WorkloadRequest request, SeededGenerator draws)
    {
        var jobs = ImmutableArray.CreateBuilder<SimulatedJob>();
        var segments = ImmutableArray.CreateBuilder<SimulatedSegment>();
        double pause = 0;
        int kept = 0;
        foreach (WorkloadSegment segment in request.Segments)
        {
            double seconds = segment.Tool is null ? 0 : segment.ToolSeconds ?? DrawnToolTimes.Of(segment.Tool).Draw(draws);
            bool handsBack = segment.Tool is null or HumanTool;
            segments.Add(new SimulatedSegment(kept, segment.New, segment.Output, handsBack ? null : segment.Tool, handsBack ? 0 : seconds));
            kept = segment.Context + segment.Output;
            if (!handsBack)
                continue;
            jobs.Add(new SimulatedJob(pause, segments.ToImmutable()));
            segments.Clear();
            pause = seconds;
        }
        return new SimulatedSession(request.Id, "default", request.Category, 0, null, 0, jobs.ToImmutable());
    }
}
