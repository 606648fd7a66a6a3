using System.Collections.Immutable;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Arrivals;
using Astraea.Simulator.Hardware;
using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;
using Astraea.Simulator.Workloads.Traces;

namespace Astraea.Simulator.Planning;

/// <summary>Reads scenario files (YAML). docs/operations/capacity-planning.md explains the keys.</summary>
public static class ScenarioFile
{
    /// <summary>Sessions that a synthetic workload has when the file does not say.</summary>
    private const int SyntheticSessionsCount = 1_000;

    /// <summary>Reads a file; what it names is sought beside it.</summary>
    /// <exception cref="ScenarioException">It cannot be run.</exception>
    public static ScenarioPlan Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"{path}: {e.Message}", e);
        }
        return Parse(path, text, Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Reads a file's text.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="folder">Where the files that it names are sought.</param>
    /// <exception cref="ScenarioException">It cannot be run.</exception>
    public static ScenarioPlan Parse(string file, string text, string folder)
    {
        YamlSection root = YamlSection.Parse(file, text);
        HardwareProfile hardware = ReadHardware(root, folder);
        YamlSection measure = root.Section("measure") ?? YamlSection.Parse(file, "{}");
        ulong seed = (ulong)measure.Whole("seed", 1, 0, int.MaxValue);
        YamlSection arrivals = root.Section("arrivals") ?? throw root.Bad("arrivals", "is missing");
        ScenarioPlan plan = new()
        {
            Name = root.Text("name"),
            Hardware = hardware,
            Workers = root.Whole("workers", 1, 1, 100_000),
            Policies = ReadPolicies(root),
            Workload = ReadWorkload(root, folder, seed).Within(hardware.ContextTokensMax),
            Loads = arrivals.Has("load") ? [.. arrivals.Numbers("load", 0.001, 10)] : [],
            SessionsPerSecond = arrivals.Has("sessions_per_second") ? arrivals.Number("sessions_per_second", null, 1e-6, 1e6) : null,
            Process = ReadProcess(arrivals, folder),
            Pattern = arrivals.Word(
                "pattern", ArrivalPattern.AsDrawn, ("as-drawn", ArrivalPattern.AsDrawn), ("elephants-first", ArrivalPattern.ElephantsFirst),
                ("synchronised-returns", ArrivalPattern.SynchronisedReturns), ("tenant-floods", ArrivalPattern.TenantFloods)),
            Tenants = arrivals.Whole("tenants", 1, 1, 10_000),
            Jobs = measure.Whole("jobs", 2_000, 20, 10_000_000),
            Seeds = measure.Whole("seeds", 3, 1, 1_000),
            FirstSeed = seed,
            Outages = ReadOutages(root),
            Goal = ReadGoal(root),
        };
        if (plan.Loads.IsEmpty == plan.SessionsPerSecond is null)
            throw root.Bad("arrivals", "needs either load or sessions_per_second");
        if (plan.Workload.Sessions.IsEmpty)
            throw root.Bad("workload", string.Join(" ", plan.Workload.Notes.Add("No session is left.")));
        plan = ReadPredictions(root, plan);
        foreach (YamlSection section in (YamlSection[])[root, measure, arrivals])
            section.Finish();
        return plan;
    }

    private static HardwareProfile ReadHardware(YamlSection root, string folder)
    {
        string name = root.Text("hardware");
        if (HardwareProfiles.Find(name) is { } profile)
            return profile;
        if (!name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            throw root.Bad("hardware", $"must be one of {string.Join(", ", HardwareProfiles.All.Select(static p => p.Name))} or a .json file, is '{name}'");
        try
        {
            return HardwareProfileFile.Read(Path.Combine(folder, name));
        }
        catch (HardwareProfileException e)
        {
            throw root.Bad("hardware", e.Message);
        }
    }

    private static ImmutableArray<string> ReadPolicies(YamlSection root)
    {
        foreach ((string name, int line) in root.Texts("policies"))
        {
            if (!SchedulingPolicies.Names.Contains(name))
                throw root.At(line, "policies", $"there is no policy '{name}'; there are {string.Join(", ", SchedulingPolicies.Names)}");
        }
        return [.. root.Texts("policies").Select(static p => p.Text).Distinct()];
    }

    private static SessionWorkload ReadWorkload(YamlSection root, string folder, ulong seed)
    {
        YamlSection workload = root.Section("workload") ?? throw root.Bad("workload", "is missing");
        SessionHalf half = workload.Word("half", SessionHalf.Both, ("both", SessionHalf.Both), ("tuned", SessionHalf.Tuned), ("reported", SessionHalf.Reported));
        IReadOnlyList<YamlSection> parts = workload.Sections("mix");
        SessionWorkload read = parts.Count == 0
            ? ReadSource(workload, folder, seed)
            : SessionMix.Of([.. parts.Select(p => (ReadSource(p, folder, seed), p.Number("share", null, 1e-6, 1e6)))], seed);
        foreach (YamlSection section in parts.Append(workload))
            section.Finish();
        try
        {
            return SessionHalves.Take(read, half);
        }
        catch (TraceException e)
        {
            throw workload.Bad("half", e.Message);
        }
    }

    private static SessionWorkload ReadSource(YamlSection section, string folder, ulong seed)
    {
        if (section.Has("trace") == section.Has("synthetic"))
            throw section.Bad(section.Keys.FirstOrDefault() ?? "trace", "a workload has either `trace: FILE` or `synthetic: NAME`");
        string key = section.Has("trace") ? "trace" : "synthetic";
        try
        {
            return key == "trace"
                ? TraceFile.Read(Path.Combine(folder, section.Text(key)), seed)
                : SyntheticSessions.Create(section.Text(key), seed, section.Whole("sessions", SyntheticSessionsCount, 1, 1_000_000));
        }
        catch (Exception e) when (e is TraceException or ArgumentException)
        {
            throw section.Bad(key, e.Message);
        }
    }

    private static ArrivalProcess ReadProcess(YamlSection arrivals, string folder)
    {
        switch (arrivals.Word("process", "poisson", ("poisson", "poisson"), ("bursts", "bursts"), ("replayed", "replayed")))
        {
            case "bursts":
                return new ArrivalProcess.Bursts(arrivals.Whole("burst_sessions", null, 2, 100_000));
            case "replayed":
                try
                {
                    SessionWorkload recorded = TraceFile.Read(Path.Combine(folder, arrivals.Text("recorded")), 0);
                    ImmutableArray<double> moments = [.. recorded.Sessions.Select(static s => s.ArrivalSeconds).Order()];
                    return moments[^1] > moments[0]
                        ? new ArrivalProcess.Replayed(moments)
                        : throw arrivals.Bad("recorded", $"{recorded.Name} does not say when its sessions arrive");
                }
                catch (TraceException e)
                {
                    throw arrivals.Bad("recorded", e.Message);
                }
            default:
                return new ArrivalProcess.Poisson();
        }
    }

    private static ScenarioPlan ReadPredictions(YamlSection root, ScenarioPlan plan)
    {
        if (root.Section("predictions") is not { } section)
            return plan;
        plan = plan with
        {
            Foresight = section.Word("from", Foresight.Learned, ("learned", Foresight.Learned), ("segment-oracle", Foresight.Segment), ("clairvoyant", Foresight.Clairvoyant)),
            PredictionNoise = section.Number("noise", 0, 0, 5),
            CategoriesMissing = !section.Flag("categories", true),
        };
        section.Finish();
        return plan;
    }

    private static ImmutableArray<Outage> ReadOutages(YamlSection root)
    {
        int workers = root.Whole("workers", 1, 1, 100_000);
        return [.. root.Sections("outages").Select(s =>
        {
            Outage outage = new(s.Whole("worker", null, 0, workers - 1), s.Number("at", null, 0, 1e9), s.Number("for", null, 0, 1e9));
            s.Finish();
            return outage;
        })];
    }

    private static CapacityGoal? ReadGoal(YamlSection root)
    {
        if (root.Section("goal") is not { } section)
            return null;
        CapacityGoal goal = new(
            section.Has("slowdown_p99") ? section.Number("slowdown_p99", null, 1, 1e9) : null,
            section.Has("jct_p99_seconds") ? section.Number("jct_p99_seconds", null, 0, 1e9) : null,
            section.Whole("workers_max", 64, 1, 10_000));
        if (goal is { SlowdownP99: null, JctP99Seconds: null })
            throw root.Bad("goal", "needs slowdown_p99 or jct_p99_seconds");
        section.Number("slowdown_p99", 1, 1, 1e9);
        section.Number("jct_p99_seconds", 0, 0, 1e9);
        section.Finish();
        return goal;
    }
}
