using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>Refuses scenarios that cannot be run.</summary>
internal static class ScenarioCheck
{
    public static void Require(Scenario scenario)
    {
        string all = string.Join(" ", Errors(scenario));
        if (all.Length > 0)
            throw new ArgumentException(all, nameof(scenario));
    }

    private static IEnumerable<string> Errors(Scenario scenario)
    {
        HardwareProfile hardware = scenario.Hardware;
        if (scenario.Workers < 1)
            yield return $"Workers is {scenario.Workers}: it must be at least 1.";
        if (hardware.BlockTokens < 1 || hardware.DeviceBlocks < 2 || hardware.HostBlocks < 0 || hardware.Slots < 1 || hardware.KvBytesPerToken < 1)
            yield return $"Hardware {hardware.Name}: blocks, slots and bytes must be positive, and there must be at least 2 device blocks.";
        if (hardware.StepTokens < hardware.Slots)
            yield return $"Hardware {hardware.Name}: StepTokens ({hardware.StepTokens}) must be at least Slots ({hardware.Slots}).";
        if (!(hardware.Step.FixedSeconds > 0) || !(hardware.CopyTokensPerSecond > 0) || !(hardware.LinkTokensPerSecond > 0))
            yield return $"Hardware {hardware.Name}: the fixed part of a step and all bandwidths must be positive.";
        if (!(scenario.PredictionNoise >= 0))
            yield return $"PredictionNoise is {scenario.PredictionNoise}: it must not be negative.";
        foreach (Outage outage in scenario.Outages)
        {
            if (outage.Worker < 0 || outage.Worker >= scenario.Workers || !(outage.AtSeconds >= 0) || !(outage.ForSeconds > 0))
                yield return $"Outage {outage}: there is no such worker, or its times are not positive.";
        }
        foreach (SimulatedSession session in scenario.Sessions)
        {
            if (WhatIsWrong(session, hardware) is { } wrong)
            {
                yield return $"Session {session.Id}: {wrong}";
                yield break; // One is enough: there may be a hundred thousand like it.
            }
        }
    }

    private static string? WhatIsWrong(SimulatedSession session, HardwareProfile hardware)
    {
        if (session.Jobs.IsEmpty || session.Jobs.Any(static j => j.Segments.IsEmpty))
            return "it has no jobs, or a job has no segments.";
        if (!(session.ArrivalSeconds >= 0))
            return $"ArrivalSeconds is {session.ArrivalSeconds}: it must not be negative.";
        long context = 0;
        long longest = Math.Min(hardware.ContextTokensMax, (long)hardware.DeviceBlocks * hardware.BlockTokens);
        foreach (SimulatedJob job in session.Jobs)
        {
            for (int i = 0; i < job.Segments.Length; i++)
            {
                SimulatedSegment segment = job.Segments[i];
                if (segment.Output < 1 || segment.New < 0 || segment.Kept < 0 || !(segment.ToolSeconds >= 0) || !(job.PauseSeconds >= 0))
                    return $"segment {i} is {segment}: at least one output token, and nothing negative.";
                if (segment.Tool is null != (i == job.Segments.Length - 1))
                    return $"segment {i} of {job.Segments.Length} has the tool '{segment.Tool}': all but the last of a job call one.";
                context = Math.Min(segment.Kept, context) + segment.New;
                if (context < 1)
                    return $"segment {i} is {segment}: it has no input.";
                context += segment.Output;
                if (context >= longest)
                    return $"its context grows to {context} tokens; hardware {hardware.Name} holds {longest}.";
            }
        }
        return null;
    }
}
