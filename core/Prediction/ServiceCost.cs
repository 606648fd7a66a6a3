using Astraea.Core.Scheduling;

namespace Astraea.Core.Prediction;

/// <summary>Predicted service time from token counts and a worker's measured costs (f_prefill and decode latency of SCHEDULING.md §1).</summary>
public static class ServiceCost
{
    /// <summary>Service time of the rest of a segment on one worker (device seconds).</summary>
    /// <param name="costs">The worker's costs.</param>
    /// <param name="contextTokens">Tokens that must have KV before the next output token (tokens).</param>
    /// <param name="deviceTokens">Of these, from the start, on the worker's device (tokens).</param>
    /// <param name="hostTokens">Of these, from the start, on its host tier (tokens).</param>
    /// <param name="outputTokens">Output still to come (tokens).</param>
    /// <remarks>At least one token is always computed: the last one's logits are needed even when its KV is there.</remarks>
    public static double SegmentSeconds(CostProfile costs, int contextTokens, int deviceTokens, int hostTokens, double outputTokens)
    {
        Split(contextTokens, deviceTokens, hostTokens, out int computed, out int copied);
        return computed * costs.PrefillSecondsPerToken + copied * costs.SwapSecondsPerToken + Math.Max(0, outputTokens) * costs.DecodeSecondsPerToken;
    }

    /// <summary>How many tokens of a context are computed, and how many are copied up from the host tier, before its next output token (tokens).</summary>
    internal static void Split(int contextTokens, int deviceTokens, int hostTokens, out int computed, out int copied)
    {
        int resident = Math.Min(Math.Max(deviceTokens, hostTokens), contextTokens);
        computed = Math.Max(1, contextTokens - resident);
        copied = Math.Max(0, resident - Math.Max(0, deviceTokens));
    }
}
