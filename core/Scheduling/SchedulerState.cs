using System.Diagnostics;
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

    internal SchedulerState(PoolId pool, IPredictor predictor) => (Pool, Predictor) = (pool, predictor);

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
    public int ReadyRequests => Ready.Count;

    /// <summary>What is believed of requests.</summary>
    public IPredictor Predictor { get; }

    /// <summary>What has been learned online.</summary>
    public Predictors Predictors => Predictor.Learned;

    /// <summary>When this scheduler heard of anything for the first time.</summary>
    internal Instant? FirstAt { get; set; }

    internal List<LiveRequest> Ready { get; } = [];

    internal List<LiveRequest> Leased { get; } = [];

    internal List<LiveRequest> Idle { get; } = [];

    internal List<KnownWorker> Workers { get; } = [];

    /// <summary>All live requests, in the order they came.</summary>
    internal IEnumerable<LiveRequest> Requests => _requests.Values;

    internal LiveRequest? Find(RequestId id) => _requests.GetValueOrDefault(id);

    internal KnownWorker? FindWorker(WorkerId id) => _byId.GetValueOrDefault(id);

    internal bool HasEnded(RequestId id) => _ended.ContainsKey(id);

    /// <summary>Where an ended request has left its KV, as far as remembered.</summary>
    internal KvPlace? EndedKv(RequestId id) => _ended.GetValueOrDefault(id);

    internal void Add(LiveRequest request) => _requests.Add(request.Status.Request, request);

    internal void Remove(LiveRequest request, int endedMax)
    {
        MoveTo(request, LiveList.None);
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

    /// <summary>Puts a request into the list its state asks for.</summary>
    internal void Place(LiveRequest request) => MoveTo(
        request,
        request.Lease is not null ? LiveList.Leased
        : request.IsReady ? LiveList.Ready
        : request.Status.Phase == RequestPhase.ToolWait ? LiveList.Idle
        : LiveList.None);

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
            if (request.Kv is { } kv && kv.Worker == pull.Worker)
                request.Home = worker;
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
            if (request.Kv is { } kv && kv.Worker == worker.Pull.Worker)
                SetKv(request, null);
        }
        foreach (RequestId id in _endedOrder)
        {
            if (_ended[id] is { } kv && kv.Worker == worker.Pull.Worker)
                _ended[id] = null;
        }
    }

    private void MoveTo(LiveRequest request, LiveList target)
    {
        if (request.List == target)
            return;
        if (ListOf(request.List) is { } from)
        {
            // Order inside a list means nothing, ranks are total; so the last one takes the free place.
            LiveRequest last = from[^1];
            from[request.ListIndex] = last;
            last.ListIndex = request.ListIndex;
            from.RemoveAt(from.Count - 1);
        }
        request.List = target;
        if (ListOf(target) is { } to)
        {
            request.ListIndex = to.Count;
            to.Add(request);
        }
    }

    private List<LiveRequest>? ListOf(LiveList list) => list switch
    {
        LiveList.None => null,
        LiveList.Ready => Ready,
        LiveList.Leased => Leased,
        LiveList.Idle => Idle,
        _ => throw new UnreachableException(),
    };
}
