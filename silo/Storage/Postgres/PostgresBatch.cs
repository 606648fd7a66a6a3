using System.Runtime.InteropServices;
using Astraea.Grains.Driver;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>A history as its locked row says. Version 0: it has no event yet.</summary>
internal readonly record struct HistoryHead(long Id, long Version);

/// <summary>What a batch of appends comes to, given the heads of its histories: decided here, written by <see cref="PostgresWriter"/>.</summary>
internal sealed class PostgresBatch
{
    private readonly Dictionary<string, HistoryHead> _heads;
    private readonly Dictionary<long, LiveRow?> _live = [];
    private readonly Dictionary<long, long> _moved = [];

    private PostgresBatch(int appends, Dictionary<string, HistoryHead> heads)
    {
        Outcomes = new AppendOutcome[appends];
        _heads = heads;
    }

    /// <summary>How each append ends, in order; of a repeated one only after <see cref="Repeats"/> were compared.</summary>
    public AppendOutcome[] Outcomes { get; }

    /// <summary>Events to insert.</summary>
    public List<NewEvent> Events { get; } = [];

    /// <summary>New versions by history.</summary>
    public IReadOnlyDictionary<long, long> Moved => _moved;

    /// <summary>New rows of the live index by history; null removes. The last append of a history counts.</summary>
    public IReadOnlyDictionary<long, LiveRow?> Live => _live;

    /// <summary>Appends behind an older version that may be there already, because their acknowledgement was lost.</summary>
    public List<Repeat> Repeats { get; } = [];

    /// <summary>Decides the appends in order of arrival; those of one history may build on each other.</summary>
    /// <param name="appends">The batch.</param>
    /// <param name="heads">Heads by key; overwritten. A history that is missing has no event and none is expected by whoever created it.</param>
    public static PostgresBatch Decide(IReadOnlyList<HistoryAppend> appends, Dictionary<string, HistoryHead> heads)
    {
        PostgresBatch batch = new(appends.Count, heads);
        for (int i = 0; i < appends.Count; i++)
            batch.Outcomes[i] = batch.Decide(appends[i], i);
        return batch;
    }

    /// <summary>Settles a repeated append: committed when the same writer's same events are there.</summary>
    /// <param name="repeat">The append and its place.</param>
    /// <param name="append">The append itself.</param>
    /// <param name="there">Events stored at its place, in order.</param>
    public void Settle(Repeat repeat, HistoryAppend append, List<(Guid Writer, byte[] Data)> there)
    {
        bool same = there.Count == append.Events.Length;
        for (int i = 0; same && i < there.Count; i++)
            same = there[i].Writer == append.Writer && append.Events[i].Span.SequenceEqual(there[i].Data);
        Outcomes[repeat.Index] = same ? AppendOutcome.Committed : AppendOutcome.Conflict;
    }

    private AppendOutcome Decide(HistoryAppend append, int index)
    {
        if (!_heads.TryGetValue(append.Key, out HistoryHead head))
            return AppendOutcome.Conflict;
        if (head.Version != append.ExpectedVersion)
        {
            if (!append.Events.IsEmpty && head.Version >= append.ExpectedVersion + append.Events.Length)
                Repeats.Add(new Repeat(index, head.Id, append.ExpectedVersion, append.ExpectedVersion + append.Events.Length));
            return AppendOutcome.Conflict;
        }
        long version = head.Version;
        foreach (ReadOnlyMemory<byte> data in append.Events)
            Events.Add(new NewEvent(head.Id, ++version, append.Writer, Bytes(data)));
        _heads[append.Key] = head with { Version = version };
        _moved[head.Id] = version;
        _live[head.Id] = append.Live;
        return AppendOutcome.Committed;
    }

    /// <summary>The array behind the memory where it is one, as it nearly always is.</summary>
    public static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.TryGetArray(data, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : data.ToArray();
}

/// <summary>An event to insert.</summary>
internal readonly record struct NewEvent(long History, long Version, Guid Writer, byte[] Data);

/// <summary>An append whose events may be there already.</summary>
/// <param name="Index">Its place in the batch.</param>
/// <param name="History">Its history.</param>
/// <param name="After">The version it was meant to follow.</param>
/// <param name="UpTo">The version of its last event.</param>
internal readonly record struct Repeat(int Index, long History, long After, long UpTo);
