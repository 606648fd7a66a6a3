using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>Says that the KV of a waiting agent is elsewhere now.</summary>
/// <param name="Request">Whose KV.</param>
/// <param name="Place">Where it is on this worker.</param>
/// <param name="Decided">Whether a decision put it there, which its history shall know; else blocks were merely evicted.</param>
internal sealed record KvChange(RequestId Request, KvPlace Place, bool Decided);

/// <summary>KV of agents that wait for their tools: what was decided, when to look again, and where the blocks are by now.</summary>
internal sealed class IdleKv
{
    private const int EntriesAtMost = 16384;
    private readonly KvStore _store;
    private readonly KvPolicyKind _kind;
    private readonly KvPressureSettings _settings;
    private readonly WorkerId _worker;
    private readonly PreservedKv _preserved = new();
    private readonly Dictionary<RequestId, Entry> _entries = [];
    private readonly List<KvChange> _changes = [];
    private readonly Queue<RequestId> _oldest = new();
    private long _evictionsSeen;

    public IdleKv(KvStore store, KvPolicyKind kind, KvPressureSettings settings, WorkerId worker)
    {
        _store = store;
        _kind = kind;
        _settings = settings;
        _worker = worker;
    }

    /// <summary>Contexts whose blocks are pinned.</summary>
    public int Preserved => _preserved.Count;

    /// <summary>Contexts known.</summary>
    public int Count => _entries.Count;

    /// <summary>When time alone asks for a review.</summary>
    public Instant? NextReview => _preserved.NextReview;

    /// <summary>Counts decisions that moved KV while its agent waited.</summary>
    public long Decisions { get; private set; }

    /// <summary>Blocks held by preserved contexts.</summary>
    public int PinnedBlocks { get; private set; }

    /// <summary>Takes the KV of an agent whose tool was called, and decides what becomes of it.</summary>
    /// <returns>Where it is, and bytes copied to the host tier for that.</returns>
    public (KvPlace Place, long SwappedBytes) Park(RequestId request, SequenceKv kv, int reservedBlocks, Instant now)
    {
        Forget(request);
        Entry entry = new(request, kv, now);
        _entries.Add(request, entry);
        _oldest.Enqueue(request);
        long bytes = Decide(entry, reservedBlocks, now);
        TrimEntries();
        entry.Reported = Place(entry);
        return (entry.Reported, bytes);
    }

    /// <summary>Hands the context over to the segment that resumes it.</summary>
    /// <returns>The context with whatever blocks it still pins, or null; the caller owns them.</returns>
    public SequenceKv? Take(RequestId request, out long migratedBytes)
    {
        migratedBytes = 0;
        if (!_entries.Remove(request, out Entry? entry))
            return null;
        migratedBytes = entry.MigratedBytes;
        Unpin(entry);
        return entry.Kv;
    }

    /// <summary>Looks again at preserved KV whose time has come or which pressure drives out; bounded for each step.</summary>
    public void Review(int reservedBlocks, Instant now)
    {
        for (int i = 0; i < PreservedKv.ReviewsAtMost; i++)
        {
            bool above = Situation(reservedBlocks).Pressure >= _settings.LowWatermark;
            if (_preserved.Next(above, now) is not { } request)
                return;
            Entry entry = _entries[request];
            Decide(entry, reservedBlocks, now);
            if (entry.Decision != KvDecision.Preserve)
                Changed(entry, decided: true);
        }
    }

    /// <summary>Running work needs memory: the longest-waiting preserve goes, to the host tier if that has room.</summary>
    /// <returns>False when nothing is preserved.</returns>
    public bool ReleaseOne(Instant now)
    {
        if (_preserved.Next(aboveWatermark: true, now) is not { } request)
            return false;
        Entry entry = _entries[request];
        KvSituation situation = Situation(0, entry.Kv);
        string need = "running work needs its device blocks";
        Apply(entry, situation.HostTakes
            ? new KvChoice(KvDecision.Swap, $"{need}: swap, {situation.CopyBlocks} blocks to copy, host room {situation.HostRoom}", null)
            : new KvChoice(KvDecision.Discard, $"{need}: discard, host room {situation.HostRoom} < {situation.CopyBlocks} blocks to copy", null));
        Changed(entry, decided: true);
        return true;
    }

    /// <summary>Takes in KV that came from another worker and is in the host tier by now.</summary>
    public void Adopt(RequestId request, SequenceKv kv, long bytes, WorkerId from, Instant now)
    {
        Forget(request);
        Entry entry = new(request, kv, now) { Decision = KvDecision.Swap, Reason = $"moved here from {from}", MigratedBytes = bytes };
        _entries.Add(request, entry);
        _oldest.Enqueue(request);
        TrimEntries();
        Changed(entry, decided: false);
    }

    /// <summary>The context of a waiting agent, or null.</summary>
    public SequenceKv? Peek(RequestId request) => _entries.GetValueOrDefault(request)?.Kv;

    /// <summary>Its KV has gone to another worker: blocks here become ordinary cache.</summary>
    public void Forget(RequestId request)
    {
        if (Take(request, out _) is { } kv)
            _store.Detach(kv, KvRelease.EvictFirst);
    }

    /// <summary>Places that changed since the last call. A context with nothing left is reported once and forgotten.</summary>
    public void TakeChanges(List<KvChange> changes)
    {
        changes.AddRange(_changes);
        _changes.Clear();
        if (_store.Evictions == _evictionsSeen)
            return;
        _evictionsSeen = _store.Evictions;
        List<RequestId> gone = [];
        foreach (Entry entry in _entries.Values)
        {
            KvPlace place = Place(entry);
            if (entry.Reported is { } known && known.DeviceTokens == place.DeviceTokens && known.HostTokens == place.HostTokens)
                continue;
            entry.Reported = place;
            changes.Add(new KvChange(entry.Request, place, Decided: false));
            if (place.ResidentTokens == 0)
                gone.Add(entry.Request);
        }
        foreach (RequestId request in gone)
            Forget(request);
    }

    /// <summary>Where a context's KV is on this worker.</summary>
    public KvPlace PlaceOf(SequenceKv kv, KvDecision decision, string reason)
    {
        KvResident resident = _store.Resident(kv);
        int tip = resident.Either / _store.BlockTokens;
        return new KvPlace(
            _worker, resident.Device, resident.Host, tip == 0 ? string.Empty : kv.Keys[tip - 1].ToString(), decision, reason);
    }

    private void Changed(Entry entry, bool decided)
    {
        entry.Reported = Place(entry);
        _changes.Add(new KvChange(entry.Request, entry.Reported, decided));
        Decisions++;
    }

    private KvPlace Place(Entry entry) => PlaceOf(entry.Kv, entry.Decision, entry.Reason);

    private KvSituation Situation(int reserved, SequenceKv? kv = null)
    {
        int own = 0;
        if (kv is not null)
        {
            foreach (int block in kv.Blocks)
                own += _store.Device.References(block) == 1 ? 1 : 0;
        }
        int copy = kv is null ? 0 : _store.BlocksToCopy(kv);
        return new KvSituation(_store.Device.Total, _store.Device.Used, reserved, own, copy, _store.Host.Room);
    }

    private long Decide(Entry entry, int reserved, Instant now) =>
        Apply(entry, PressurePolicy.Decide(_kind, Situation(reserved, entry.Kv), _settings, entry.Since, now));

    private long Apply(Entry entry, KvChoice choice)
    {
        Unpin(entry);
        int copied = 0;
        entry.Decision = choice.Decision;
        entry.Reason = choice.Reason;
        switch (choice.Decision)
        {
            case KvDecision.Preserve:
                entry.Pinned = entry.Kv.BlockCount;
                PinnedBlocks += entry.Pinned;
                _preserved.Set(entry.Request, entry.Since, choice.ReviewAt!.Value);
                break;
            case KvDecision.Swap:
                copied = Math.Max(0, _store.CopyToHost(entry.Kv));
                _store.Detach(entry.Kv, _kind == KvPolicyKind.PressurePaper ? KvRelease.Free : KvRelease.Recent);
                break;
            case KvDecision.Discard:
                _store.Detach(entry.Kv, KvRelease.EvictFirst);
                break;
            default:
                _store.Detach(entry.Kv, KvRelease.Recent);
                break;
        }
        return (long)copied * _store.BlockBytes;
    }

    private void Unpin(Entry entry)
    {
        _preserved.Remove(entry.Request);
        PinnedBlocks -= entry.Pinned;
        entry.Pinned = 0;
    }

    // Agents that never come back must not grow the table: the oldest is forgotten, its blocks stay as ordinary cache.
    private void TrimEntries()
    {
        while (_entries.Count > EntriesAtMost || _oldest.Count > 2 * EntriesAtMost)
        {
            RequestId request = _oldest.Dequeue();
            if (_entries.Count > EntriesAtMost)
                Forget(request);
            else if (_entries.ContainsKey(request))
                _oldest.Enqueue(request);
        }
    }

    private sealed class Entry(RequestId request, SequenceKv kv, Instant since)
    {
        public RequestId Request { get; } = request;

        public SequenceKv Kv { get; } = kv;

        public Instant Since { get; } = since;

        public KvDecision Decision { get; set; }

        public string Reason { get; set; } = string.Empty;

        public int Pinned { get; set; }

        public long MigratedBytes { get; set; }

        public KvPlace? Reported { get; set; }
    }
}
