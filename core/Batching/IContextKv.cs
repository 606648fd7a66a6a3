namespace Astraea.Core.Batching;

/// <summary>The KV of one context as counts: what a batch decides by. Neither tokens nor bytes.</summary>
public interface IContextKv
{
    /// <summary>Tokens known (tokens).</summary>
    int Length { get; }

    /// <summary>Leading tokens with KV on the device, in blocks this context holds (tokens).</summary>
    int Computed { get; }

    /// <summary>Tokens that have no KV yet (tokens).</summary>
    int Pending { get; }

    /// <summary>Device blocks held.</summary>
    int BlockCount { get; }

    /// <summary>Leading blocks of these that others may find by their content.</summary>
    int Published { get; }

    /// <summary>Leading tokens that have had KV while this context lived (tokens).</summary>
    int HighWater { get; }

    /// <summary>Blocks that so many tokens take.</summary>
    int BlocksFor(int tokens);
}
