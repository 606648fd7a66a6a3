namespace Astraea.Models.Tasks;

/// <summary>A seeded generator (SplitMix64): the same tasks on every machine, whatever the platform's own generator does.</summary>
internal sealed class TaskRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Bits() => StableHash.Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>From 0 to below <paramref name="limit"/>.</summary>
    public int Below(int limit) => (int)(Bits() % (ulong)limit);

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both possible.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public bool Chance(int percent) => Below(100) < percent;

    public T Pick<T>(params IReadOnlyList<T> items) => items[Below(items.Count)];

    public T[] Shuffled<T>(IEnumerable<T> items)
    {
        T[] order = [.. items];
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}
