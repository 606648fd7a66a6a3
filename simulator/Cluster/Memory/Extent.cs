namespace Astraea.Simulator.Cluster.Memory;

/// <summary>A run of KV blocks that belong together: what one session has behind its shared prefix, or a shared prefix itself. Counts only.</summary>
internal sealed class Extent
{
    /// <param name="first">Index in the context of its first block.</param>
    /// <param name="parent">The shared prefix before it, or null.</param>
    public Extent(int first, Extent? parent)
    {
        First = first;
        Parent = parent;
        DeviceLink = new LinkedListNode<Extent>(this);
        HostLink = new LinkedListNode<Extent>(this);
    }

    public int First { get; }

    public Extent? Parent { get; }

    /// <summary>Leading blocks on the device.</summary>
    public int Device { get; set; }

    /// <summary>Of these, computed: only they are found by others, and they alone stay as cache.</summary>
    public int Published { get; set; }

    /// <summary>Contexts that hold it.</summary>
    public int Holders { get; set; }

    /// <summary>Extents behind it that have device blocks: while there are any, it is not evicted.</summary>
    public int Children { get; set; }

    /// <summary>Released as not worth keeping: evicted first, and not written back.</summary>
    public bool Unwanted { get; set; }

    /// <summary>Its blocks in the host tier.</summary>
    public HostRuns Host;

    /// <summary>Ordinal in its session of the segment whose context this is.</summary>
    public int Version { get; set; } = -1;

    /// <summary>The context it was last opened for; null for a shared prefix.</summary>
    public ContextKv? Context { get; set; }

    /// <summary>Whether it is among the losses not told yet.</summary>
    public bool LossNoted { get; set; }

    /// <summary>Place among the evictable ones.</summary>
    public LinkedListNode<Extent> DeviceLink { get; }

    /// <summary>Place among those in the host tier.</summary>
    public LinkedListNode<Extent> HostLink { get; }
}
