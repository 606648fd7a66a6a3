using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Activations;

/// <summary>What readers see of one loaded request: its newest committed events and where it stands. Older events come from the store.</summary>
internal sealed class RequestTail(IEventLog<AgentRequestState, RequestEvent> log, int keep, TimeProvider time)
    : ICommitObserver<AgentRequestState, RequestEvent>
{
    private readonly Lock _gate = new();
    private readonly Queue<RecordedEvent> _newest = new();
    private readonly Bell _bell = new(time);
    private RequestPhase _phase;
    private long _version;
    private bool _loaded;
    private TenantId? _tenant;

    /// <summary>Owner; null while that is not known.</summary>
    public TenantId? Tenant
    {
        get
        {
            lock (_gate)
                return _tenant;
        }
    }

    /// <summary>Whether the request, as far as it is known, has ended or was never submitted.</summary>
    public bool IsDormant
    {
        get
        {
            lock (_gate)
                return _phase == RequestPhase.New || _phase.HasEnded();
        }
    }

    /// <inheritdoc/>
    public void Loaded(AgentRequestState state, long version)
    {
        lock (_gate)
        {
            // After a lost acknowledgement the store may hold more than was seen: what is kept here would have a gap.
            if (version != _version)
                _newest.Clear();
            (_phase, _version, _loaded, _tenant) = (state.Phase, version, true, OwnerOf(state));
        }
        _bell.Ring();
    }

    /// <inheritdoc/>
    public void Committed(AgentRequestState state, long version, IReadOnlyList<RequestEvent> events)
    {
        lock (_gate)
        {
            for (int i = 0; i < events.Count; i++)
                _newest.Enqueue(new RecordedEvent(version - events.Count + 1 + i, events[i]));
            while (_newest.Count > keep)
                _newest.Dequeue();
            (_phase, _version, _tenant) = (state.Phase, version, OwnerOf(state));
        }
        _bell.Ring();
    }

    /// <summary>Reads behind a cursor; waits for the first new event unless the request has ended.</summary>
    public async Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            long heard = _bell.Rings;
            if (Look(after, max, out HistoryPage page))
            {
                bool inStore = page.Events.IsEmpty && page.Version > after && max > 0;
                return inStore ? page with { Events = await ReadStoredAsync(after, max, page.Version, cancellation) } : page;
            }
            TimeSpan left = wait - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                return page;
            await _bell.WaitAsync(heard, left, cancellation);
        }
    }

    /// <summary>The page as it stands; false when there is nothing new and more may come. Without events when they are in the store only.</summary>
    private bool Look(long after, int max, out HistoryPage page)
    {
        lock (_gate)
        {
            ImmutableArray<RecordedEvent> events = [];
            if (_newest.TryPeek(out RecordedEvent? oldest) && after >= oldest.Version - 1)
                events = [.. _newest.SkipWhile(e => e.Version <= after).Take(max)];
            page = new HistoryPage(events, _phase, _version);
            return _loaded && (_version > after || _phase.HasEnded());
        }
    }

    private static TenantId? OwnerOf(AgentRequestState state) => state.Phase == RequestPhase.New ? null : state.Tenant;

    private async Task<ImmutableArray<RecordedEvent>> ReadStoredAsync(long after, int max, long version, CancellationToken cancellation)
    {
        // Not beyond what is known to be committed here: phase and events of a page belong together.
        int count = (int)Math.Min(max, version - after);
        ImmutableArray<RequestEvent> events = await log.ReadAsync(after, count, cancellation);
        return [.. events.Select((e, i) => new RecordedEvent(after + 1 + i, e))];
    }
}
