using Astraea.Core.Lifecycle;

namespace Astraea.Core.Prediction;

/// <summary>How far a request had come when a segment of it became ready: all that the prediction of its remaining work is made from.</summary>
/// <param name="Category">Kind of agent; empty when unknown.</param>
/// <param name="Ordinal">Turn number, from 0.</param>
/// <param name="LastTool">Tool whose result the segment reads, or null.</param>
/// <param name="ToolBefore">The tool before that, or null.</param>
/// <param name="AttainedSeconds">Device seconds of the segments before (s).</param>
/// <param name="GrownTokens">Tokens those computed and generated: how far the context has grown (tokens).</param>
/// <remarks>The model is no feature: a pool has one, and each pool learns for itself.</remarks>
public readonly record struct RequestProgress(
    string Category, int Ordinal, string? LastTool, string? ToolBefore, double AttainedSeconds, long GrownTokens)
{
    /// <summary>The progress of a request at one of its segments.</summary>
    public static RequestProgress At(RequestStatus status, int ordinal)
    {
        double attained = 0;
        long grown = 0;
        int ended = Math.Min(ordinal, status.Ended.Length);
        for (int i = 0; i < ended; i++)
        {
            attained += Math.Max(0, status.Ended[i].DeviceSeconds);
            grown += status.Ended[i].UncachedTokens + status.Ended[i].OutputTokens;
        }
        // A picture may bring more attained service than its list of ended segments, for instance of a request that goes on from another.
        if (ordinal >= status.Ended.Length)
            attained = Math.Max(attained, status.AttainedSeconds);
        return new RequestProgress(
            status.Category, ordinal, Predictors.ToolBefore(status, ordinal), Predictors.ToolBefore(status, ordinal - 1), attained, grown);
    }
}
