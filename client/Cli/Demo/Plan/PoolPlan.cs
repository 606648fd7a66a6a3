namespace Astraea.Cli.Demo.Plan;

/// <summary>How much KV memory each worker gets.</summary>
/// <param name="DeviceBlocks">Device pool of one worker (blocks).</param>
/// <param name="HostBlocks">Host tier of one worker (blocks).</param>
/// <param name="WorkingSetTokens">Peak of the sum of contexts of live requests, as estimated (tokens).</param>
/// <param name="Share">All device pools together over the working set.</param>
/// <param name="AtLeast">Whether the pool is larger than asked for, because a worker must hold the longest request and one more.</param>
internal sealed record PoolPlan(int DeviceBlocks, int HostBlocks, double WorkingSetTokens, double Share, bool AtLeast)
{
    /// <summary>Tokens of a block.</summary>
    public const int BlockTokens = 16;

    /// <summary>Divides a share of the working set over the workers.</summary>
    /// <param name="workingSetTokens">Working set (tokens).</param>
    /// <param name="share">Share of it that all device pools hold together, in (0, 1].</param>
    /// <param name="workers">Workers.</param>
    /// <param name="longestTokens">Longest context of any request (tokens).</param>
    /// <param name="typicalTokens">Longest context of a typical request: "one more" (tokens).</param>
    public static PoolPlan Of(double workingSetTokens, double share, int workers, int longestTokens, double typicalTokens)
    {
        int asked = (int)(workingSetTokens * share / workers / BlockTokens);
        int least = Blocks(longestTokens) + Blocks(typicalTokens);
        int blocks = Math.Max(asked, least);
        return new PoolPlan(
            blocks, Math.Max(Blocks(workingSetTokens), least), workingSetTokens, (double)blocks * BlockTokens * workers / workingSetTokens, blocks > asked);
    }

    // One block more than full: the next token needs a place.
    private static int Blocks(double tokens) => (int)Math.Ceiling(tokens / BlockTokens) + 1;
}
