using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;

namespace Astraea.Core.Scheduling;

/// <summary>What the scheduler of a pool knows. Rebuilt from pictures and pulls; changed by <see cref="SchedulerMachine.Apply"/> alone.</summary>
public sealed class SchedulerState
{
    private readonly Dictionary<RequestId, LiveRequest> _requests = [];
    private readonly Dictionary<WorkerId, KnownWorker> _byId = [];
    private readonly Dictionary<RequestId, KvPlace?> _ended = [];
    private readonly Queue<RequestId> _endedOrder = new();
    private readonly ReadyRowWriter _writer;

    internal SchedulerState(PoolId pool, IPredictor predictor, ReadyRowWriter writer) => (Pool, Predictor, _writer) = (pool, predictor, writer);

    /// <summary>The pool.</summary>
    public PoolId Pool { get; }

    /// <summary>
    /// Raised whenever a pull that found nothing may now find something: new ready segments, returned leases, other free room, a sweep. A shell that
    /// parks pulls looks again when this has moved, and only then; the pull of another worker alone must not wake it, or two parked
    /// pulls would wake each other for ever.
    /// </summary>
    public long Revision { get; internal set; }

    /// <summary>When a parked pull may get another answer though nothing happens before; see <see cref="SchedulerEffect.WakeAt"/>.</summary>
    public Instant? WakeAt { get; internal set; }

    /// <summary>Requests that have not ended.</summary>
    public int LiveRequests => _requests.Count;

    /// <summary>Requests that want a worker.</summary>
    public int ReadyRequests { get; private set; }

    /// <summary>What is believed of requests.</summary>
    public IPredictor Predictor { get; }

    /// <summary>What has been learned online.</summary>
    public Predictors Predictors => Predictor.Learned;

    /// <summary>When this scheduler heard of anything for the first time.</summary>
    internal Instant? FirstAt { get; set; }

    /// <summary>The newest moment anything happened at.</summary>
    internal Instant LastAt { get; set; }

    /// <summary>Texts that many pictures repeat.</summary>
    internal KnownTexts Texts { get; } = new();

    /// <summary>Room for plans to be made in.</summary>
    internal PlanScratch Scratch { get; } = new();

    /// <summary>Ready segments without KV on any known worker; the others are with their home (<see cref="KnownWorker.Ready"/>).</summary>
    internal ReadyRows Fresh { get; } = new();

    internal List<LiveRequest> Leased { get; } = [];

    internal List<KnownWorker> Workers { get; } = [];

    /// <summary>All live requests, in the order they came.</summary>
    internal IEnumerable<LiveRequest> Requests => _requests.Values;

    internal LiveRequest? Find(RequestId id) => _requests.GetValueOrDefault(id);

    internal KnownWorker? FindWorker(WorkerId id) => _byId.GetValueOrDefault(id);

    internal bool HasEnded(RequestId id) => _ended.ContainsKey(id);

    /// <summary>What the policy remembers of each worker when it chooses who may hold memory.</summary>
    internal Dictionary<WorkerId, double> Windows { get; } = [];

    /// <summary>What tenants have been served; null when the policy does not ask.</summary>
    internal TenantShares? Tenants { get; set; }

    /// <summary>Where an ended request has left its KV, as far as remembered.</summary>
    internal KvPlace? EndedKv(RequestId id) => _ended.GetValueOrDefault(id);

    internal void Add(LiveRequest request) => _requests.Add(request.Status.Request, request);

    internal void Remove(LiveRequest request, int endedMax)
    {
        Unlist(request);
        RequestId id = request.Status.Request;
        _requests.Remove(id);
        if (!_ended.TryAdd(id, request.Kv))
            return;
        _endedOrder.Enqueue(id);
        while (_endedOrder.Count > endedMax)
            _ended.Remove(_endedOrder.Dequeue());
    }

    internal void HintEnded(RequestId id, KvPlace place)
    {
        if (_ended.ContainsKey(id))
            _ended[id] = place.ResidentTokens > 0 ? place : null;
    }

    /// <summary>Puts a request where its state asks for, and writes what plans read of it. To be called whenever anything about it has changed.</summary>
    internal void Place(LiveRequest request)
    {
        LiveList list = request.Lease is not null ? LiveList.Leased
            : request.IsReady ? LiveList.Ready
            : request.Status.Phase == RequestPhase.ToolWait ? LiveList.Idle
            : LiveList.None;
        KnownWorker? holder = list switch
        {
            LiveList.Leased => FindWorker(request.Lease!.Worker),
            LiveList.None => null,
            _ => request.Home,
        };
        if (request.List != list || request.Holder != holder)
        {
            Unlist(request);
            Enlist(request, list, holder);
        }
        if (list == LiveList.Ready)
            _writer.Write(request, LastAt);
        else if (list == LiveList.Leased)
            holder?.LeasesChanged(LastAt);
        else if (list == LiveList.Idle)
            CountIdle(request, holder);
    }

    /// <summary>Leases of a worker, known or not.</summary>
    internal List<LiveRequest> LeasesOf(WorkerId id) =>
        FindWorker(id) is { } worker ? worker.Leases : Leased.FindAll(request => request.Lease!.Worker == id);

    /// <summary>Counts the next segment of a waiting agent where its KV is, or is on its way to.</summary>
    internal static void CountIdle(LiveRequest request, KnownWorker? worker)
    {
        if (request.IdleAt is { } before)
        {
            before.IdleTokens -= request.IdleTokens;
            before.IdleCount--;
        }
        request.IdleAt = worker;
        if (worker is null || request.Kv is not { } kv)
        {
            request.IdleAt = null;
            return;
        }
        request.IdleTokens = Math.Max(1, request.Status.ContextTokens - kv.ResidentTokens);
        worker.IdleTokens += request.IdleTokens;
        worker.IdleCount++;
    }

    /// <summary>Sets where a request's KV is, and its home with it.</summary>
    internal void SetKv(LiveRequest request, KvPlace? place)
    {
        request.Kv = place is { ResidentTokens: > 0 } ? place : null;
        request.Home = request.Kv is { } kv ? FindWorker(kv.Worker) : null;
    }

    internal KnownWorker Join(PullRequest pull, Instant now)
    {
        var worker = new KnownWorker(pull, now, Workers.Count);
        Workers.Add(worker);
        _byId.Add(pull.Worker, worker);
        foreach (LiveRequest request in _requests.Values)
        {
            bool leased = request.Lease is { } lease && lease.Worker == pull.Worker;
            bool homed = request.Kv is { } kv && kv.Worker == pull.Worker;
            if (homed)
                request.Home = worker;
            if (homed || leased)
                Place(request);
        }
        return worker;
    }

    internal void Leave(KnownWorker worker)
    {
        _byId.Remove(worker.Pull.Worker);
        Workers.RemoveAt(worker.Index);
        for (int i = worker.Index; i < Workers.Count; i++)
            Workers[i].Index = i;
        foreach (LiveRequest request in _requests.Values)
        {
            bool homed = request.Kv is { } kv && kv.Worker == worker.Pull.Worker;
            if (homed)
                SetKv(request, null);
            if (homed || request.Holder == worker)
                Place(request);
        }
        foreach (RequestId id in _endedOrder)
        {
            if (_ended[id] is { } kv && kv.Worker == worker.Pull.Worker)
                _ended[id] = null;
        }
    }

    private void Enlist(LiveRequest request, LiveList list, KnownWorker? holder)
    {
        request.List = list;
        request.Holder = holder;
        switch (list)
        {
            case LiveList.Ready:
                (holder?.Ready ?? Fresh).Add(request);
                ReadyRequests++;
                break;
            case LiveList.Leased:
                request.LeasedIndex = Leased.Count;
                Leased.Add(request);
                if (holder is not null)
                    request.HeldIndex = Append(holder.Leases, request);
                break;
            case LiveList.Idle when holder is not null:
                request.HeldIndex = Append(holder.Idle, request);
                break;
            default:
                break;
        }
    }

    private void Unlist(LiveRequest request)
    {
        CountIdle(request, null);
        KnownWorker? holder = request.Holder;
        switch (request.List)
        {
            case LiveList.Ready:
                request.Rows!.Remove(request);
                ReadyRequests--;
                break;
            case LiveList.Leased:
                // Order inside a list means nothing, ranks are total; so the last one takes the free place.
                Leased[request.LeasedIndex] = Leased[^1];
                Leased[request.LeasedIndex].LeasedIndex = request.LeasedIndex;
                Leased.RemoveAt(Leased.Count - 1);
                if (holder is not null)
                    TakeOut(holder.Leases, request);
                holder?.LeasesChanged(LastAt);
                break;
            case LiveList.Idle when holder is not null:
                TakeOut(holder.Idle, request);
                break;
            default:
                break;
        }
        (request.List, request.Holder) = (LiveList.None, null);
    }

    private static int Append(List<LiveRequest> held, LiveRequest request)
    {
        held.Add(request);
        return held.Count - 1;
    }

    private static void TakeOut(List<LiveRequest> held, LiveRequest request)
    {
        held[request.HeldIndex] = held[^1];
        held[request.HeldIndex].HeldIndex = request.HeldIndex;
        held.RemoveAt(held.Count - 1);
    }
}
