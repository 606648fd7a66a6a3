using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Compares the leases a worker says it holds with those it should hold.</summary>
internal sealed class HeldLeaseReview
{
    private readonly SchedulerState _state;
    private readonly SchedulerOptions _options;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly List<SchedulerEvent> _events;
    private readonly KnownWorker? _self;
    private readonly List<LiveRequest> _leases;
    private readonly bool[] _named;

    public HeldLeaseReview(SchedulerState state, SchedulerOptions options, PullRequest pull, Instant now, List<SchedulerEvent> events)
    {
        (_state, _options, _pull, _now, _events) = (state, options, pull, now, events);
        (Kept, KeptRunning) = (state.Scratch.Kept, state.Scratch.KeptRunning);
        _self = state.FindWorker(pull.Worker);
        _leases = state.LeasesOf(pull.Worker);
        _named = state.Scratch.Named(_leases.Count);
        foreach (HeldLease held in pull.Held)
            Review(held);
        for (int i = 0; i < _leases.Count; i++)
        {
            if (!_named[i])
                Missing(_leases[i].Lease!);
        }
    }

    /// <summary>Leases it keeps, running or queued inside.</summary>
    public List<LiveRequest> Kept { get; }

    /// <summary>Of these, those in its batch.</summary>
    public List<LiveRequest> KeptRunning { get; }

    public int Running { get; private set; }

    public int Queued { get; private set; }

    /// <summary>Blocks that leases queued inside will take (blocks).</summary>
    public int QueuedBlocks { get; private set; }

    /// <summary>Whether an offer beyond what is free has not been started yet.</summary>
    public bool BeyondOpen { get; private set; }

    /// <summary>Whether such an offer was made through the guard lane.</summary>
    public bool GuardBeyondOpen { get; private set; }

    public ImmutableArray<Revoke> Revokes { get; private set; } = [];

    private void Review(HeldLease held)
    {
        SegmentAttempt attempt = held.Attempt;
        if (_state.Find(attempt.Request) is not { } request)
        {
            ReviewUnknown(held);
            return;
        }
        // An older attempt beside the current one must not count as the current one being named.
        if (request.Lease is { } lease && lease.Worker == _pull.Worker && lease.Attempt == attempt)
        {
            Name(request);
            bool late = !held.Running && !lease.Started && _now - lease.At > _options.LeaseStartWithin;
            if (late)
            {
                string reason = $"not started within {_options.LeaseStartWithin.TotalSeconds:0.#} s";
                _events.Add(new SchedulerEvent.LeaseReturned(attempt, reason, _now));
                Revokes = Revokes.Add(new Revoke(attempt, reason));
                return;
            }
            if (lease.MissingSince is not null)
                _events.Add(new SchedulerEvent.LeaseAdopted(attempt, _pull.Worker, held.Running, _now));
            Keep(request, held, lease.Inputs.Blocks);
            BeyondOpen |= lease.Beyond && !held.Running;
            GuardBeyondOpen |= lease.Beyond && lease.Guarded && !held.Running;
            return;
        }
        if (Void(request, held) is { } why)
        {
            Revokes = Revokes.Add(new Revoke(attempt, why));
            return;
        }
        Name(request);
        _events.Add(new SchedulerEvent.LeaseAdopted(attempt, _pull.Worker, held.Running, _now));
        Keep(request, held, request.BlocksAtEnd(_options.BlockTokens));
    }

    private void Name(LiveRequest request)
    {
        if (request.List != LiveList.Leased)
            return;
        // A worker that asks for the first time has no list of its own yet.
        int index = _self is null ? _leases.IndexOf(request) : request.Holder == _self ? request.HeldIndex : -1;
        if (index >= 0)
            _named[index] = true;
    }

    private void ReviewUnknown(HeldLease held)
    {
        bool ended = _state.HasEnded(held.Attempt.Request);
        bool settled = _now - (_state.FirstAt ?? _now) >= _options.UnknownGrace;
        if (ended || settled)
        {
            Revokes = Revokes.Add(new Revoke(held.Attempt, ended ? "the request has ended" : "no such request is live"));
            return;
        }
        // A new scheduler: the request's picture is still to come.
        Count(held, 0);
    }

    /// <summary>Why a lease that is not the recorded one is void, or null when it stands.</summary>
    private string? Void(LiveRequest request, HeldLease held)
    {
        RequestStatus status = request.Status;
        SegmentAttempt attempt = held.Attempt;
        if (attempt.Segment < status.Segment || (attempt.Segment == status.Segment && status.Phase == RequestPhase.ToolWait))
            return $"segment {attempt.Segment} has ended";
        if (attempt.Attempt < status.Attempt)
            return $"attempt {status.Attempt} has started";
        if (attempt.Attempt == status.Attempt && status.Phase == RequestPhase.Ready)
            return "the worker has given it back";
        bool overtaken = request.Lease is { } newer && newer.Attempt.Attempt > attempt.Attempt;
        bool pictured = status.Phase == RequestPhase.Running && status.Worker == _pull.Worker && status.Attempt == attempt.Attempt && !overtaken;
        if (pictured || (held.Running && attempt.Attempt >= request.LastAttempt))
            return null;
        if (request.Lease is { } other)
            return $"{other.Worker} has attempt {other.Attempt.Attempt}";
        // Not offered by this scheduler: by an earlier one, then, and nobody has it.
        return attempt.Attempt > request.LastAttempt ? null : "it was taken back";
    }

    private void Keep(LiveRequest request, HeldLease held, int blocks)
    {
        Kept.Add(request);
        if (held.Running)
            KeptRunning.Add(request);
        Count(held, blocks);
    }

    private void Count(HeldLease held, int blocks)
    {
        if (held.Running)
        {
            Running++;
            return;
        }
        Queued++;
        QueuedBlocks += blocks;
    }

    private void Missing(LeaseRecord lease)
    {
        if (lease.MissingSince is not { } since)
        {
            _events.Add(new SchedulerEvent.LeaseMissed(lease.Attempt, _now));
            // With nothing else going on the worker would be parked past the grace, and the segment with it.
            _events.Add(new SchedulerEvent.WakeWanted(_now + _options.MissingGrace + TimeSpan.FromTicks(1), _now));
        }
        else if (_now - since > _options.MissingGrace)
        {
            _events.Add(new SchedulerEvent.LeaseReturned(lease.Attempt, $"{lease.Worker} does not hold it", _now));
        }
    }
}
