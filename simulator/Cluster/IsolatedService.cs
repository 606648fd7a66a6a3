using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>What segments cost alone on an idle worker that has kept all KV of their session.</summary>
internal static class IsolatedService
{
    /// <summary>Where KV of a context begins to be missing after a segment, and the first token of the next step.</summary>
    /// <param name="kept">Tokens of the former context that stay (tokens).</param>
    /// <param name="computed">Leading tokens of it with KV (tokens).</param>
    /// <param name="length">Tokens of the new context (tokens).</param>
    /// <param name="blockTokens">Tokens in a block (tokens).</param>
    public static int Reused(int kept, int computed, int length, int blockTokens)
    {
        int keep = Math.Min(Math.Min(kept, computed), length - 1);
        int blocks = (keep + blockTokens - 1) / blockTokens;
        // As a worker does it: a full block of which only a part is kept is computed again.
        return keep % blockTokens != 0 && blocks <= computed / blockTokens ? (blocks - 1) * blockTokens : keep;
    }

    /// <summary>Seconds of one segment (s).</summary>
    /// <param name="hardware">The worker.</param>
    /// <param name="reused">Leading tokens with KV (tokens).</param>
    /// <param name="length">Input (tokens).</param>
    /// <param name="output">Generated (tokens).</param>
    public static double Seconds(HardwareProfile hardware, int reused, int length, int output)
    {
        StepSeconds cost = new(hardware.Step);
        double seconds = 0;
        for (int from = reused; from < length; from += hardware.StepTokens)
            seconds += cost.One(default(StepSeconds.Rows).PlusPrefill(from, Math.Min(hardware.StepTokens, length - from)));
        return output > 1 ? seconds + cost.Many(default(StepSeconds.Rows).PlusDecode(length), output - 1) : seconds;
    }
}
