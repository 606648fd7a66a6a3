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
public sealed record LiveRow(
    string Key, PoolId Pool, TenantId Tenant, long Version, RequestPhase Phase, double AttainedSeconds, TimeSpan Waited, Instant? ReadySince, Instant? NextDue);

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
