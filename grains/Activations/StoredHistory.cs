using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Activations;

/// <summary>Serves the history of an ended request straight from the store: nothing is loaded for a look at the past.</summary>
internal static class StoredHistory
{
    private const int ScanPage = 1024;

    /// <summary>A page of the history if its request has ended; null when it is live, or was never submitted.</summary>
    public static async Task<HistoryPage?> TryReadEndedAsync(
        IHistoryStore store, RequestEventCodec codec, string key, long after, int max, CancellationToken cancellation)
    {
        ImmutableArray<StoredEvent> page = await store.ReadAsync(key, after, max, cancellation);
        StoredEvent? last = await FindLastAsync(store, key, page, after, max, cancellation);
        if (last is null || PhaseAfter(codec.Decode(last.Data.Span)) is not { } phase)
            return null;
        return new HistoryPage([.. page.Select(e => new RecordedEvent(e.Version, codec.Decode(e.Data.Span)))], phase, last.Version);
    }

    /// <summary>The newest event. A short page ends with it; after a full one the rest is passed over undecoded.</summary>
    private static async Task<StoredEvent?> FindLastAsync(
        IHistoryStore store, string key, ImmutableArray<StoredEvent> page, long after, int max, CancellationToken cancellation)
    {
        if (page.IsEmpty)
            return after == 0 ? null : (await store.ReadAsync(key, after - 1, 1, cancellation)).FirstOrDefault();
        StoredEvent last = page[^1];
        int length = page.Length;
        int asked = max;
        while (length == asked)
        {
            ImmutableArray<StoredEvent> next = await store.ReadAsync(key, last.Version, ScanPage, cancellation);
            (length, asked) = (next.Length, ScanPage);
            if (length > 0)
                last = next[^1];
        }
        return last;
    }

    private static RequestPhase? PhaseAfter(RequestEvent last) => last switch
    {
        RequestEvent.RequestCompleted => RequestPhase.Completed,
        RequestEvent.RequestFailed => RequestPhase.Failed,
        RequestEvent.RequestCancelled => RequestPhase.Cancelled,
        _ => null,
    };
}
