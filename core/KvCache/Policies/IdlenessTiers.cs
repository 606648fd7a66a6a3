using Astraea.Core.Lifecycle;

namespace Astraea.Core.KvCache.Policies;

/// <summary>Contexts of a worker from busiest to most idle, and how much memory stands before each.</summary>
/// <remarks>
/// MORI (arXiv 2606.00866 §4): idleness is relative, so the boundary between device and host lies where the device is full, not at a threshold. Idleness of a context
/// whose tool works grows with the time it works; it is set anew when it is looked at.
/// </remarks>
public sealed class IdlenessTiers
{
    private readonly Dictionary<RequestId, (double Idleness, int Blocks)> _contexts = [];

    /// <summary>Contexts known.</summary>
    public int Count => _contexts.Count;

    /// <summary>A context holds so many blocks and is this idle.</summary>
    public void Set(RequestId request, double idleness, int blocks) => _contexts[request] = (idleness, blocks);

    /// <summary>A context has ended, or is elsewhere.</summary>
    public void Remove(RequestId request) => _contexts.Remove(request);

    /// <summary>Blocks of all contexts that are less idle than this one; equal ones in the order of their ids (blocks).</summary>
    public int BusierBlocks(RequestId request)
    {
        if (!_contexts.TryGetValue(request, out (double Idleness, int Blocks) own))
            return 0;
        long busier = 0;
        foreach ((RequestId other, (double idleness, int blocks)) in _contexts)
        {
            if (idleness < own.Idleness || (idleness == own.Idleness && other.CompareTo(request) < 0))
                busier += blocks;
        }
        return (int)Math.Min(int.MaxValue, busier);
    }
}
