using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Lifecycle;

namespace Astraea.Grains.Driver;

/// <summary>Where histories live. An append is fenced by version, atomic, and durable when it returns.</summary>
public interface IHistoryStore
{
    /// <summary>Appends events behind <see cref="HistoryAppend.ExpectedVersion"/> and sets the live index row in one transaction.</summary>
    /// <returns>
    /// <see cref="AppendOutcome.Committed"/>, also when the same writer's same append had been committed before (a lost acknowledgement);
    /// <see cref="AppendOutcome.Conflict"/> when somebody else has appended: the caller reloads.
    /// </returns>
    /// <exception cref="HistoryUnavailableException">The store cannot say; the append may or may not have happened.</exception>
    Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation);

    /// <summary>Reads events with versions above <paramref name="after"/>, in order.</summary>
    Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation);

    /// <summary>All live requests of a pool, or of every pool when null.</summary>
    Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation);

    /// <summary>Live requests of a pool whose row was written since <paramref name="since"/>; what ended meanwhile has no row and is not told.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="since">The mark of the read before; <see cref="DateTimeOffset.MinValue"/> for all.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation);
}

/// <summary>One append.</summary>
/// <param name="Key">The history.</param>
/// <param name="ExpectedVersion">Version of its newest event; 0 for a new history.</param>
/// <param name="Writer">Who appends: one activation of a driver.</param>
/// <param name="Events">Encoded events; versions follow from their order.</param>
/// <param name="Live">The row of the live index; null removes it, because the request has ended.</param>
public sealed record HistoryAppend(string Key, long ExpectedVersion, Guid Writer, ImmutableArray<ReadOnlyMemory<byte>> Events, LiveRow? Live);

/// <summary>How an append ended.</summary>
public enum AppendOutcome
{
    /// <summary>Durable.</summary>
    Committed,

    /// <summary>Another writer was first; nothing was written.</summary>
    Conflict,
}

/// <summary>An event as stored.</summary>
public sealed record StoredEvent(long Version, ReadOnlyMemory<byte> Data);

/// <summary>What a scheduler, a sweep and a restart need to know of a live request without reading its history.</summary>
/// <param name="Key">The history.</param>
/// <param name="Pool">Where it runs.</param>
/// <param name="Tenant">Owner.</param>
/// <param name="Version">Version of its newest event.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="AttainedSeconds">Device seconds used (s).</param>
/// <param name="Waited">Ready but not running, ended intervals.</param>
/// <param name="ReadySince">Start of the open waiting interval.</param>
/// <param name="NextDue">When it wants to be woken, if at all.</param>
/// <param name="Picture">The encoded <see cref="RequestStatus"/> (<see cref="RequestStatusCodec"/>): what a scheduler without memory is told of it.</param>
public sealed record LiveRow(
    string Key, PoolId Pool, TenantId Tenant, long Version, RequestPhase Phase, double AttainedSeconds, TimeSpan Waited, Instant? ReadySince, Instant? NextDue,
    ReadOnlyMemory<byte> Picture)
{
    /// <summary>Equal when every field is, the picture byte by byte.</summary>
    public bool Equals(LiveRow? other) =>
        other is not null
        && (Key, Pool, Tenant, Version, Phase, AttainedSeconds, Waited) ==
            (other.Key, other.Pool, other.Tenant, other.Version, other.Phase, other.AttainedSeconds, other.Waited)
        && (ReadySince, NextDue) == (other.ReadySince, other.NextDue)
        && Picture.Span.SequenceEqual(other.Picture.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Version);
}

/// <summary>Rows that were written since a mark, and the mark to ask from next time.</summary>
/// <param name="Rows">The rows; some may have been in the answer before.</param>
/// <param name="Mark">
/// By the store's clock, and set back so far that a row written before this read, but committed after it, is in the next answer.
/// </param>
public sealed record LiveChanges(ImmutableArray<LiveRow> Rows, DateTimeOffset Mark);

/// <summary>The store could not answer.</summary>
public sealed class HistoryUnavailableException : Exception
{
    /// <summary>Says what failed.</summary>
    public HistoryUnavailableException(string message) : base(message) { }

    /// <summary>Says what failed, and why.</summary>
    public HistoryUnavailableException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public HistoryUnavailableException() { }
}
