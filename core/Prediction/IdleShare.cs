using Astraea.Core.Lifecycle;

namespace Astraea.Core.Prediction;

/// <summary>How idle a request is: the share of its recent life that it waits for tools (MORI, arXiv 2606.00866 §4).</summary>
public static class IdleShare
{
    /// <summary>Turns looked back at: an agent turns from busy to idle and back, so its whole life says less than its last turns.</summary>
    public const int Turns = 8;

    /// <summary>The share by now of a request whose tool has worked for some time.</summary>
    /// <param name="before">The share when it was called.</param>
    /// <param name="modelSeconds">Model time behind that share (s).</param>
    /// <param name="elapsed">Since the call (s).</param>
    public static double Now(double before, double modelSeconds, double elapsed)
    {
        if (before >= 1)
            return 1;
        double model = Math.Max(modelSeconds, 1e-9);
        double tool = before / (1 - before) * model + Math.Max(0, elapsed);
        return tool / (tool + model);
    }

    /// <summary>Tool time over tool time and model time of the last turns, 0 to 1; 0 before the first tool has answered.</summary>
    public static double Of(RequestStatus status)
    {
        double tool = 0, model = 0;
        for (int i = Math.Max(0, status.Ended.Length - Turns); i < status.Ended.Length; i++)
        {
            tool += Math.Max(0, status.Ended[i].ToolSeconds ?? 0);
            model += Math.Max(0, status.Ended[i].DeviceSeconds);
        }
        return tool > 0 ? tool / (tool + model) : 0;
    }
}
