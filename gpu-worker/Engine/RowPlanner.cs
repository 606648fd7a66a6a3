using Astraea.Core.Scheduling;

namespace Astraea.Worker.Engine;

/// <summary>Rows of one sequence in the next step.</summary>
internal readonly record struct PlannedRows(EngineSegment Segment, int Rows);

/// <summary>Shares out the rows of a step: decodes first, then the guard lane's prefill up to its share, then prefill by rank.</summary>
/// <remarks>Chunked prefill beside decodes: Agrawal et al. 2024 (Sarathi-Serve) §4.2. Guard lane: SCHEDULING.md §3.</remarks>
internal static class RowPlanner
{
    /// <summary>Plans one step.</summary>
    /// <param name="ordered">Runnable segments, best rank first.</param>
    /// <param name="stepTokens">Rows at most (tokens).</param>
    /// <param name="guardShare">Share of them that prefill of the guard lane may claim before decodes get the rest.</param>
    /// <param name="plan">Overwritten; in rank order.</param>
    public static void Plan(List<EngineSegment> ordered, int stepTokens, double guardShare, List<PlannedRows> plan)
    {
        plan.Clear();
        int guardDemand = 0;
        foreach (EngineSegment segment in ordered)
        {
            plan.Add(new PlannedRows(segment, 0));
            if (IsGuardPrefill(segment))
                guardDemand += segment.Kv.Pending;
        }
        int guardRows = Math.Min(guardDemand, (int)(guardShare * stepTokens));
        int left = stepTokens - guardRows;
        left -= Give(plan, left, static s => s.Decoding);
        guardRows -= Give(plan, guardRows, IsGuardPrefill);
        left += guardRows;
        left -= Give(plan, left, static s => !s.Decoding && s.Rank.Band != Rank.GuardBand);
        Give(plan, left, IsGuardPrefill);
        plan.RemoveAll(static p => p.Rows == 0);
    }

    private static bool IsGuardPrefill(EngineSegment segment) => !segment.Decoding && segment.Rank.Band == Rank.GuardBand;

    private static int Give(List<PlannedRows> plan, int rows, Func<EngineSegment, bool> to)
    {
        int given = 0;
        for (int i = 0; i < plan.Count && given < rows; i++)
        {
            PlannedRows planned = plan[i];
            if (!to(planned.Segment))
                continue;
            int more = Math.Min(planned.Segment.Kv.Pending - planned.Rows, rows - given);
            plan[i] = planned with { Rows = planned.Rows + more };
            given += more;
        }
        return given;
    }
}
