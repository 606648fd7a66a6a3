using Astraea.Core.Prediction;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads;

/// <summary>Predictors that have seen the sessions of one half before the other half runs.</summary>
public static class TrainedPredictors
{
    /// <summary>Learns every session once, as if it had just ended.</summary>
    /// <param name="workload">The half that tunes.</param>
    /// <param name="hardware">What work is counted on: device seconds at a batch as large as memory allows for this workload.</param>
    public static Predictors From(SessionWorkload workload, HardwareProfile hardware)
    {
        Predictors predictors = new();
        double batch = Batch(workload, hardware);
        foreach (SimulatedSession session in workload.Sessions)
        {
            foreach (SimulatedJob job in session.Jobs)
                Learn(predictors, session.Category, job, hardware.Step, batch);
        }
        return predictors;
    }

    private static void Learn(Predictors predictors, string category, SimulatedJob job, StepCost cost, double batch)
    {
        for (int ordinal = 0; ordinal < job.Segments.Length; ordinal++)
        {
            SimulatedSegment segment = job.Segments[ordinal];
            string? before = ordinal > 0 ? job.Segments[ordinal - 1].Tool : null;
            predictors.Output.Learn(category, before, ordinal, segment.Output);
            predictors.Ahead.Learn(category, before, ordinal, segment.ToolSeconds);
            if (segment.Tool is not null)
                predictors.Tool.Learn(category, segment.Tool, segment.ToolSeconds);
        }
        double[] device = [.. job.Segments.Select(s => DeviceSeconds(s, cost, batch))];
        double after = 0;
        for (int ordinal = job.Segments.Length - 1; ordinal >= 0; ordinal--)
        {
            ReadOnlySpan<SimulatedSegment> before = job.Segments.AsSpan()[..ordinal];
            long grown = 0;
            foreach (SimulatedSegment segment in before)
                grown += segment.New + segment.Output;
            RequestProgress progress = new(
                category, ordinal, ordinal > 0 ? before[^1].Tool : null, ordinal > 1 ? before[^2].Tool : null, device.Take(ordinal).Sum(), grown);
            predictors.Remaining.Learn(progress, after);
            after += device[ordinal];
        }
    }

    /// <summary>Device seconds of a segment in a batch: its share of what all rows of a step read together, and all that is its own.</summary>
    internal static double DeviceSeconds(in SimulatedSegment segment, StepCost cost, double batch) =>
        segment.New * (cost.SecondsPerPrefillToken + (segment.Kept + segment.New / 2.0) * cost.SecondsPerPrefillContextToken)
        + segment.Output * (cost.FixedSeconds / batch + cost.SecondsPerDecodeToken + ((double)segment.Kept + segment.New) * cost.SecondsPerDecodeContextToken);

    /// <summary>Sequences in a batch when memory is full of contexts as long as this workload's (sequences).</summary>
    internal static double Batch(SessionWorkload workload, HardwareProfile hardware)
    {
        double context = workload.Sessions.SelectMany(static s => s.Jobs).SelectMany(static j => j.Segments).Average(static s => (double)s.Kept + s.New);
        return Math.Clamp((double)hardware.DeviceBlocks * hardware.BlockTokens / context, 1, hardware.Slots);
    }
}
