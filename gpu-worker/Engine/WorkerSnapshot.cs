using Astraea.Core.Scheduling;

namespace Astraea.Worker.Engine;

/// <summary>A worker at one moment, for people, meters and pulls.</summary>
/// <param name="BlocksTotal">Device blocks.</param>
/// <param name="BlocksUsed">Of these, held by running or preserved contexts.</param>
/// <param name="BlocksPinned">Of the used, held by preserved contexts.</param>
/// <param name="BlocksCached">Keyed, evictable device blocks.</param>
/// <param name="BlocksOffered">Device blocks new work could have: free, cached and preserved, less what running segments are predicted to grow by.</param>
/// <param name="HostTotal">Host blocks.</param>
/// <param name="HostHolding">Host blocks that hold KV.</param>
/// <param name="HostRoom">Host blocks that can be had: all that are not in a transfer.</param>
/// <param name="Running">Segments in the batch.</param>
/// <param name="Waiting">Segments that wait inside the worker.</param>
/// <param name="Idle">Contexts of waiting agents that are known here.</param>
/// <param name="Preserved">Of these, pinned on the device.</param>
/// <param name="Steps">Steps so far.</param>
/// <param name="PrefillTokens">Rows computed for input and forced output so far (tokens).</param>
/// <param name="SampledTokens">Tokens drawn so far (tokens).</param>
/// <param name="RecomputedTokens">Rows computed again so far (tokens).</param>
/// <param name="Preemptions">Segments set aside so far.</param>
/// <param name="SwappedOutBytes">Bytes copied to the host tier by decisions and preemptions so far (By).</param>
/// <param name="SwappedInBytes">Bytes copied back so far (By).</param>
/// <param name="BusySeconds">Time spent in steps (s).</param>
/// <param name="Costs">What steps cost.</param>
/// <param name="Quarantine">Why the worker takes no work any more, or null.</param>
public sealed record WorkerSnapshot(
    int BlocksTotal, int BlocksUsed, int BlocksPinned, int BlocksCached, int BlocksOffered, int HostTotal, int HostHolding, int HostRoom,
    int Running, int Waiting, int Idle, int Preserved, long Steps, long PrefillTokens, long SampledTokens, long RecomputedTokens,
    long Preemptions, long SwappedOutBytes, long SwappedInBytes, double BusySeconds, CostProfile Costs, string? Quarantine);
