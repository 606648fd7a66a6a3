using System.Collections.Immutable;

namespace Astraea.Grains.Driver;

/// <summary>The history of one machine, in its own events. A driver's only way to make something true.</summary>
public interface IEventLog<in TState, TEvent>
{
    /// <summary>Reads events with versions above <paramref name="after"/>, in order.</summary>
    Task<ImmutableArray<TEvent>> ReadAsync(long after, int max, CancellationToken cancellation);

    /// <summary>Appends behind <paramref name="expectedVersion"/>, all or nothing.</summary>
    /// <param name="expectedVersion">Version of the newest event the writer knows.</param>
    /// <param name="writer">Names this activation, so that it recognises an append of its own whose answer was lost.</param>
    /// <param name="events">What happened; not empty.</param>
    /// <param name="after">The state with these events folded in. Read before the first await only.</param>
    /// <param name="cancellation">Gives up waiting; the append may have happened.</param>
    Task<AppendOutcome> AppendAsync(long expectedVersion, Guid writer, ImmutableArray<TEvent> events, TState after, CancellationToken cancellation);
}

/// <summary>Turns events into bytes and back. What it wrote once it must read for ever.</summary>
public interface IEventCodec<TEvent>
{
    /// <summary>Writes an event.</summary>
    ReadOnlyMemory<byte> Encode(TEvent happened);

    /// <summary>Reads an event.</summary>
    /// <exception cref="FormatException">These bytes are no event that this version knows.</exception>
    TEvent Decode(ReadOnlySpan<byte> data);
}

/// <summary>A history kept in an <see cref="IHistoryStore"/>.</summary>
/// <param name="key">The history.</param>
/// <param name="store">Where it lives.</param>
/// <param name="codec">How events are written.</param>
/// <param name="live">The row of the live index for a state; null once it has ended.</param>
public sealed class StoredEventLog<TState, TEvent>(
    string key, IHistoryStore store, IEventCodec<TEvent> codec, Func<TState, LiveRow?> live) : IEventLog<TState, TEvent>
{
    /// <inheritdoc/>
    public async Task<ImmutableArray<TEvent>> ReadAsync(long after, int max, CancellationToken cancellation)
    {
        ImmutableArray<StoredEvent> stored = await store.ReadAsync(key, after, max, cancellation);
        return [.. stored.Select(e => codec.Decode(e.Data.Span))];
    }

    /// <inheritdoc/>
    public Task<AppendOutcome> AppendAsync(
        long expectedVersion, Guid writer, ImmutableArray<TEvent> events, TState after, CancellationToken cancellation) =>
        store.AppendAsync(new HistoryAppend(key, expectedVersion, writer, [.. events.Select(codec.Encode)], live(after)), cancellation);
}

/// <summary>A history nobody keeps: for machines whose truth is elsewhere, such as the scheduler, which is told everything again.</summary>
public sealed class VolatileEventLog<TState, TEvent> : IEventLog<TState, TEvent>
{
    private static readonly Task<AppendOutcome> s_committed = Task.FromResult(AppendOutcome.Committed);

    /// <inheritdoc/>
    public Task<ImmutableArray<TEvent>> ReadAsync(long after, int max, CancellationToken cancellation) => Task.FromResult(ImmutableArray<TEvent>.Empty);

    /// <inheritdoc/>
    public Task<AppendOutcome> AppendAsync(
        long expectedVersion, Guid writer, ImmutableArray<TEvent> events, TState after, CancellationToken cancellation) => s_committed;
}
