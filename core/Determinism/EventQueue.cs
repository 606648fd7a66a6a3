using System.Diagnostics.CodeAnalysis;

namespace Astraea.Core.Determinism;

/// <summary>Things that will happen, by time and then in the order they were added.</summary>
/// <remarks>The sequence number is part of the key: a bare priority queue returns equal times in an order of its own.</remarks>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "It is a queue of events.")]
public sealed class EventQueue<T>
{
    private readonly PriorityQueue<T, (long Ticks, long Sequence)> _queue = new();
    private long _next;

    /// <summary>How many wait.</summary>
    public int Count => _queue.Count;

    /// <summary>Adds something that happens at a moment.</summary>
    public void Add(Instant at, T what) => _queue.Enqueue(what, (at.Ticks, _next++));

    /// <summary>When the next one happens; false when there is none.</summary>
    public bool TryPeek(out Instant at)
    {
        bool any = _queue.TryPeek(out _, out (long Ticks, long Sequence) key);
        at = new Instant(key.Ticks);
        return any;
    }

    /// <summary>Takes the next one; false when there is none.</summary>
    public bool TryTake(out Instant at, [MaybeNullWhen(false)] out T what)
    {
        bool any = _queue.TryDequeue(out what, out (long Ticks, long Sequence) key);
        at = new Instant(key.Ticks);
        return any;
    }
}
