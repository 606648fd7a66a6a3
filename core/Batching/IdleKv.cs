using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;

namespace Astraea.Core.Batching;

/// <summary>KV of agents that wait, for a tool or for their human: what was decided, when to look again, and where the blocks are by now.</summary>
/// <typeparam name="TKv">Contexts.</typeparam>
public sealed class IdleKv<TKv> where TKv : class, IContextKv
{
    private const int EntriesAtMost = 16384;

    private readonly IKvTiers<TKv> _tiers;
    private readonly IKvPolicy _policy;
    private readonly WorkerId _worker;
    private readonly PreservedKv _preserved = new();
    private readonly Dictionary<RequestId, Entry> _entries = [];
    private readonly Dictionary<TKv, Entry> _byContext = new(ReferenceEqualityComparer.Instance);
    private readonly List<TKv> _lost = [];
    private readonly List<KvChange> _changes = [];
    private readonly Queue<RequestId> _oldest = new();
    private long _evictionsSeen;

    /// <summary>Holds nothing yet.</summary>
    public IdleKv(IKvTiers<TKv> tiers, IKvPolicy policy, WorkerId worker, ToolDuration? durations = null)
    {
        Durations = durations ?? new ToolDuration();
        _tiers = tiers;
        _policy = policy;
        _worker = worker;
    }

    /// <summary>How long tools have worked here, and how long humans thought.</summary>
    public ToolDuration Durations { get; }

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

    /// <summary>Takes the KV of an agent that waits now, and decides what becomes of it.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="kv">Its context.</param>
    /// <param name="category">Kind of agent.</param>
    /// <param name="tool">The tool it waits for; null for its human.</param>
    /// <param name="demand">What others want of the memory.</param>
    /// <param name="now">The moment.</param>
    /// <param name="returnsAt">When it will be back, where that is known: in bounds, never in what is deployed.</param>
    /// <param name="idleness">Share of its recent life that its agent waited for tools, 0 to 1.</param>
    /// <param name="modelSeconds">Model time behind that share (s).</param>
    /// <returns>Where it is, and bytes copied to the host tier for that.</returns>
    public (KvPlace Place, long SwappedBytes) Park(
        RequestId request, TKv kv, string category, string? tool, in KvDemand demand, Instant now, Instant? returnsAt = null, double idleness = 0,
        double modelSeconds = 0)
    {
        Forget(request);
        Entry entry = new(request, kv, category, tool, now) { ReturnsAt = returnsAt, Idleness = idleness, ModelSeconds = modelSeconds };
        _entries.Add(request, entry);
        _byContext.Add(kv, entry);
        _oldest.Enqueue(request);
        long bytes = Decide(entry, demand, now);
        TrimEntries();
        entry.Reported = Place(entry);
        return (entry.Reported, bytes);
    }

    /// <summary>Hands the context over to the segment that resumes it, and learns how long the wait was.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="returned">When what it waited for came; null when that is not known.</param>
    /// <param name="migratedBytes">What came from another worker for it (By).</param>
    /// <returns>The context with whatever blocks it still pins, or null; the caller owns them.</returns>
    public TKv? Resume(RequestId request, Instant? returned, out long migratedBytes)
    {
        if (returned is { } at && _entries.TryGetValue(request, out Entry? entry) && entry.Parked && at >= entry.Since)
            Durations.Learn(entry.Category, entry.Tool, (at - entry.Since).TotalSeconds);
        return Take(request, out migratedBytes);
    }

    /// <summary>Looks again at preserved KV whose time has come or which pressure drives out; bounded for each step.</summary>
    public void Review(in KvDemand demand, Instant now)
    {
        if (_preserved.Count == 0)
            return;
        for (int i = 0; i < PreservedKv.ReviewsAtMost; i++)
        {
            bool watched = Situation(demand).Pressure >= _policy.WatchedPressure;
            if (_preserved.Next(watched, now) is not { } request)
                return;
            Entry entry = _entries[request];
            Decide(entry, demand, now);
            if (entry.Decision != KvDecision.Preserve)
                Changed(entry, decided: true);
            else if (watched)
                return; // Upheld under pressure: asked again at once, the policy would say the same.
        }
    }

    /// <summary>Running work needs memory: the longest-waiting preserve goes, to the host tier if that has room.</summary>
    /// <returns>False when nothing is preserved.</returns>
    public bool ReleaseOne(Instant now)
    {
        if (_preserved.Next(aboveWatermark: true, now) is not { } request)
            return false;
        Entry entry = _entries[request];
        KvSituation situation = Situation(default, entry.Kv);
        string need = "running work needs its device blocks";
        Apply(entry, situation.HostTakes
            ? new KvChoice(KvDecision.Swap, $"{need}: swap, {situation.CopyBlocks} blocks to copy, host room {situation.HostRoom}", null)
            : new KvChoice(KvDecision.Discard, $"{need}: discard, host room {situation.HostRoom} < {situation.CopyBlocks} blocks to copy", null));
        Changed(entry, decided: true);
        return true;
    }

    /// <summary>Takes in KV that came from another worker and is in the host tier by now.</summary>
    public void Adopt(RequestId request, TKv kv, long bytes, WorkerId from, Instant now)
    {
        Forget(request);
        Entry entry = new(request, kv, "", null, now)
        {
            Decision = KvDecision.Swap, Reason = $"moved here from {from}", MigratedBytes = bytes, Parked = false,
        };
        _entries.Add(request, entry);
        _byContext.Add(kv, entry);
        _oldest.Enqueue(request);
        TrimEntries();
        Changed(entry, decided: false);
    }

    /// <summary>The context of a waiting agent, or null.</summary>
    public TKv? Peek(RequestId request) => _entries.GetValueOrDefault(request)?.Kv;

    /// <summary>Its KV has gone to another worker: blocks here become ordinary cache.</summary>
    public void Forget(RequestId request)
    {
        if (Take(request, out _) is { } kv)
            Detach(kv, KvRelease.EvictFirst);
    }

    /// <summary>Places that changed since the last call. A context with nothing left is reported once and forgotten.</summary>
    public void TakeChanges(List<KvChange> changes)
    {
        changes.AddRange(_changes);
        _changes.Clear();
        if (_tiers.Evictions == _evictionsSeen)
            return;
        _evictionsSeen = _tiers.Evictions;
        _lost.Clear();
        bool known = _tiers.TryTakeLosses(_lost);
        List<RequestId> gone = [];
        if (known)
        {
            foreach (TKv kv in _lost)
            {
                if (_byContext.TryGetValue(kv, out Entry? entry))
                    Look(entry, changes, gone);
            }
        }
        else
        {
            foreach (Entry entry in _entries.Values)
                Look(entry, changes, gone);
        }
        foreach (RequestId request in gone)
            Forget(request);
    }

    /// <summary>Where a context's KV is on this worker.</summary>
    public KvPlace PlaceOf(TKv kv, KvDecision decision, string reason)
    {
        KvResident resident = _tiers.Resident(kv);
        return new KvPlace(
            _worker, resident.Device, resident.Host, _tiers.TipKey(kv, resident.Either / _tiers.BlockTokens), decision, reason);
    }

    /// <summary>Releases the blocks of a context. Without a prefix cache nobody would find them again.</summary>
    internal void Detach(TKv kv, KvRelease how) => _tiers.Detach(kv, _policy.PrefixCache ? how : KvRelease.Free);

    private void Look(Entry entry, List<KvChange> changes, List<RequestId> gone)
    {
        KvResident resident = _tiers.Resident(entry.Kv);
        if (entry.Reported is { } known && known.DeviceTokens == resident.Device && known.HostTokens == resident.Host)
            return;
        entry.Reported = Place(entry);
        changes.Add(new KvChange(entry.Request, entry.Reported, Decided: false));
        if (entry.Reported.ResidentTokens == 0)
            gone.Add(entry.Request);
    }

    private TKv? Take(RequestId request, out long migratedBytes)
    {
        migratedBytes = 0;
        if (!_entries.Remove(request, out Entry? entry))
            return null;
        _byContext.Remove(entry.Kv);
        migratedBytes = entry.MigratedBytes;
        Unpin(entry);
        return entry.Kv;
    }

    private void Changed(Entry entry, bool decided)
    {
        entry.Reported = Place(entry);
        _changes.Add(new KvChange(entry.Request, entry.Reported, decided));
        Decisions++;
    }

    private KvPlace Place(Entry entry) => PlaceOf(entry.Kv, entry.Decision, entry.Reason);

    private KvSituation Situation(in KvDemand demand, TKv? kv = null)
    {
        int own = kv is null ? 0 : _tiers.OwnBlocks(kv);
        return new KvSituation(
            _tiers.DeviceBlocks, _tiers.DeviceUsed, demand.ReservedBlocks, own, kv is null ? 0 : _tiers.BlocksToCopy(kv), _tiers.HostRoom)
        {
            OwnTokens = kv is null ? 0 : Math.Min(kv.Computed, own * _tiers.BlockTokens),
            BatchTokens = demand.BatchTokens,
            WantedBlocks = demand.WantedBlocks,
            Costs = demand.Costs,
        };
    }

    private long Decide(Entry entry, in KvDemand demand, Instant now)
    {
        KvSituation situation = Situation(demand, entry.Kv);
        if (_policy.RanksContexts)
            situation = situation with { BusierBlocks = BusierBlocks(entry, situation.OwnBlocks, now) };
        return Apply(
            entry, _policy.Decide(situation, new KvWait(entry.Category, entry.Tool, entry.Since, Durations) { ReturnsAt = entry.ReturnsAt }, now));
    }

    /// <summary>Blocks of whoever runs and of pinned contexts that are less idle by now (blocks).</summary>
    private int BusierBlocks(Entry entry, int ownBlocks, Instant now)
    {
        double own = entry.IdlenessNow(now);
        int busier = Math.Max(0, _tiers.DeviceUsed - PinnedBlocks - (entry.Pinned == 0 ? ownBlocks : 0));
        foreach (Entry other in _entries.Values)
        {
            if (other.Pinned > 0 && other != entry && other.IdlenessNow(now) < own)
                busier += other.Pinned;
        }
        return busier;
    }

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
                copied = Math.Max(0, _tiers.CopyToHost(entry.Kv));
                Detach(entry.Kv, _policy.AfterSwap);
                break;
            case KvDecision.Discard:
                Detach(entry.Kv, KvRelease.EvictFirst);
                break;
            default:
                Detach(entry.Kv, KvRelease.Recent);
                break;
        }
        return (long)copied * _tiers.BlockBytes;
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

    private sealed class Entry(RequestId request, TKv kv, string category, string? tool, Instant since)
    {
        public RequestId Request { get; } = request;

        public TKv Kv { get; } = kv;

        public string Category { get; } = category;

        public string? Tool { get; } = tool;

        public Instant Since { get; } = since;

        /// <summary>Whether its wait began here, so that its length says something.</summary>
        public bool Parked { get; init; } = true;

        /// <summary>When it will be back, where that is known.</summary>
        public Instant? ReturnsAt { get; init; }

        public double Idleness { get; init; }

        public double ModelSeconds { get; init; }

        public double IdlenessNow(Instant now) => IdleShare.Now(Idleness, ModelSeconds, (now - Since).TotalSeconds);

        public KvDecision Decision { get; set; }

        public string Reason { get; set; } = string.Empty;

        public int Pinned { get; set; }

        public long MigratedBytes { get; set; }

        public KvPlace? Reported { get; set; }
    }
}
