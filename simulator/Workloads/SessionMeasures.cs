using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads;

/// <summary>Figures of a session that its segments imply.</summary>
public static class SessionMeasures
{
    /// <summary>Longest context, output included (tokens).</summary>
    public static int LongestContext(SimulatedSession session)
    {
        int longest = 0;
        foreach (SimulatedSegment segment in session.Jobs.SelectMany(static j => j.Segments))
            longest = Math.Max(longest, segment.Kept + segment.New + segment.Output);
        return longest;
    }

    /// <summary>Calls of the model (segments).</summary>
    public static int Segments(SimulatedSession session) => session.Jobs.Sum(static j => j.Segments.Length);

    /// <summary>Compute of one job alone on an idle worker with its KV kept (s): what a load is counted in.</summary>
    /// <remarks>Prefill in whole steps of <see cref="HardwareProfile.StepTokens"/> rows, then one step for each output token after the first.</remarks>
    public static double IsolatedSeconds(SimulatedJob job, HardwareProfile hardware) => job.Segments.Sum(s => IsolatedSeconds(s, hardware));

    /// <summary>The same of one segment (s).</summary>
    internal static double IsolatedSeconds(in SimulatedSegment segment, HardwareProfile hardware)
    {
        StepCost cost = hardware.Step;
        double input = Math.Max(1, segment.New), decoded = segment.Output - 1;
        double steps = Math.Ceiling(input / hardware.StepTokens) + decoded;
        double prefillPairs = input * segment.Kept + input * input / 2;
        double decodePairs = decoded * (segment.Kept + input) + decoded * decoded / 2;
        return steps * cost.FixedSeconds + input * cost.SecondsPerPrefillToken + decoded * cost.SecondsPerDecodeToken
            + prefillPairs * cost.SecondsPerPrefillContextToken + decodePairs * cost.SecondsPerDecodeContextToken;
    }
}
