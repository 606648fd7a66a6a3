using Astraea.Core.Scheduling;

namespace Astraea.Core.Batching;

/// <summary>Rows of one sequence in the next step.</summary>
/// <param name="Segment">Whose.</param>
/// <param name="Rows">How many (tokens).</param>
public readonly record struct PlannedRows<TSegment>(TSegment Segment, int Rows);

/// <summary>Shares out the rows of a step: decodes first, then the guard lane's prefill up to its share, then prefill by rank.</summary>
/// <remarks>Chunked prefill beside decodes: Agrawal et al. 2024 (Sarathi-Serve) §4.2. Guard lane: SCHEDULING.md §3.</remarks>
internal static class RowPlanner<TSegment, TKv> where TSegment : BatchSegment<TKv> where TKv : class, IContextKv
{
    private static readonly Func<TSegment, bool> s_decoding = static s => s.Decoding;
    private static readonly Func<TSegment, bool> s_ordinaryPrefill = static s => !s.Decoding && s.Rank.Band != Rank.GuardBand;
    private static readonly Func<TSegment, bool> s_guardPrefill = IsGuardPrefill;

    /// <summary>Plans one step.</summary>
    /// <param name="ordered">Runnable segments, best rank first.</param>
    /// <param name="stepTokens">Rows at most (tokens).</param>
    /// <param name="guardShare">Share of them that prefill of the guard lane may claim before decodes get the rest.</param>
    /// <param name="plan">Overwritten; in rank order.</param>
    public static void Plan(List<TSegment> ordered, int stepTokens, double guardShare, List<PlannedRows<TSegment>> plan)
    {
        plan.Clear();
        int guardDemand = 0;
        foreach (TSegment segment in ordered)
        {
            plan.Add(new PlannedRows<TSegment>(segment, 0));
            if (IsGuardPrefill(segment))
                guardDemand += segment.Kv.Pending;
        }
        int guardRows = Math.Min(guardDemand, (int)(guardShare * stepTokens));
        int left = stepTokens - guardRows;
        left -= Give(plan, left, s_decoding);
        guardRows -= Give(plan, guardRows, s_guardPrefill);
        left += guardRows;
        left -= Give(plan, left, s_ordinaryPrefill);
        Give(plan, left, s_guardPrefill);
        plan.RemoveAll(static p => p.Rows == 0);
    }

    private static bool IsGuardPrefill(TSegment segment) => !segment.Decoding && segment.Rank.Band == Rank.GuardBand;

    private static int Give(List<PlannedRows<TSegment>> plan, int rows, Func<TSegment, bool> to)
    {
        int given = 0;
        for (int i = 0; i < plan.Count && given < rows; i++)
        {
            PlannedRows<TSegment> planned = plan[i];
            if (!to(planned.Segment))
                continue;
            int more = Math.Min(planned.Segment.Kv.Pending - planned.Rows, rows - given);
            plan[i] = planned with { Rows = planned.Rows + more };
            given += more;
        }
        return given;
    }
}
