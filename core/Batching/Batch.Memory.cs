using Astraea.Core.KvCache;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Batching;

// Who gets memory: admission by rank, growth of running segments, and who gives way when there is none.
// Order of giving way: preserved KV of waiting agents, KV held by segments that wait, then the lowest-ranked running segment.
// At least the highest-ranked segment always progresses, so there is no deadlock.
public sealed partial class Batch<TSegment, TKv>
{
    /// <summary>Blocks that new work may count on: preserved KV gives way to it, what running segments are predicted to grow to does not.</summary>
    public int BlocksOffered()
    {
        int offered = _tiers.DeviceAvailable + Idle.PinnedBlocks;
        foreach (TSegment segment in _running)
            offered -= Math.Max(0, Math.Max(segment.BlocksAtEnd, segment.Kv.BlocksFor(segment.Kv.Length)) - segment.Kv.BlockCount);
        return Math.Max(0, offered);
    }

    private bool HostPays => _costs.SwapSecondsPerToken < _costs.PrefillSecondsPerToken;

    private static int MissingBlocks(TSegment segment) => Math.Max(0, segment.Kv.BlocksFor(segment.Kv.Length) - segment.Kv.BlockCount);

    /// <summary>Blocks that admitted segments still need for tokens they know.</summary>
    private int ReservedBlocks()
    {
        int reserved = 0;
        foreach (TSegment segment in _running)
            reserved += MissingBlocks(segment);
        return reserved;
    }

    /// <summary>Lets waiting segments join the batch, best rank first.</summary>
    /// <remarks>When the head of a queue does not fit, nobody of that queue passes it; lower queues fill only if the policy says so.</remarks>
    private void Admit(Instant now)
    {
        if (_waiting.Count == 0 || (_policy.BatchSynchronous && _running.Count > 0))
            return;
        _candidates.Clear();
        _candidates.AddRange(_waiting);
        int? blockedBand = null;
        foreach (TSegment segment in _candidates)
        {
            if (blockedBand is { } band && (segment.Rank.Band == band || !_policy.LowerQueuesFill))
                continue;
            if (!TryAdmit(segment, now))
                blockedBand = segment.Rank.Band;
        }
    }

    /// <summary>Makes room for a segment and lets it in, or gives it up when no room can ever be enough.</summary>
    private bool TryAdmit(TSegment segment, Instant now)
    {
        if (segment.Kv.BlocksFor(segment.Kv.Length) > _tiers.DeviceBlocks)
        {
            _tooLarge(segment);
            return true;
        }
        bool takes = (_policy.PreemptsRunning || segment.Rank.Band == Rank.GuardBand) && FitsByTaking(segment);
        if (_running.Count >= _limits.Slots && !(takes && PreemptBelow(segment, now)))
            return false;
        while (!Fits(segment))
        {
            bool madeRoom = Idle.ReleaseOne(now) || ReleaseHeldByWaiting(segment) || (takes && PreemptBelow(segment, now));
            if (!madeRoom)
                return false;
        }
        if (segment.Kv.BlockCount == 0)
        {
            long bytes = (long)_tiers.Attach(segment.Kv, HostPays) * _tiers.BlockBytes;
            segment.SwappedInBytes += bytes;
            SwappedInBytes += bytes;
        }
        _waiting.Remove(segment);
        _running.Add(segment);
        segment.Admit(now);
        return true;
    }

    private bool Fits(TSegment segment)
    {
        // A running batch keeps a block for the growth of each sequence, so that who joins does not push out who runs.
        int growth = _running.Count == 0 ? 0 : Math.Min(_running.Count + 1, _tiers.DeviceBlocks / 8);
        int room = _tiers.DeviceAvailable - ReservedBlocks() - growth;
        int missing = MissingBlocks(segment);
        if (missing <= room)
            return true;
        if (segment.Kv.BlockCount > 0)
            return false;
        PrefixHits hits = _tiers.Probe(segment.Kv, HostPays);
        return missing - hits.DeviceBlocks + hits.Idle <= room;
    }

    /// <summary>Whether taking everything from lower bands would be enough: else nobody is set aside for nothing.</summary>
    private bool FitsByTaking(TSegment segment)
    {
        int room = _tiers.DeviceAvailable + Idle.PinnedBlocks;
        foreach (TSegment running in _running)
            room += running.Rank.Band > segment.Rank.Band ? running.Kv.BlockCount : -MissingBlocks(running);
        return MissingBlocks(segment) <= room;
    }

    private bool PreemptBelow(TSegment segment, Instant now)
    {
        TSegment? worst = Worst(_running);
        if (worst is null || worst.Rank.Band <= segment.Rank.Band)
            return false;
        Preempt(worst, now);
        return true;
    }

    /// <summary>Takes blocks that a lower-ranked segment holds while it waits; anybody's when nothing runs, so that the best can.</summary>
    private bool ReleaseHeldByWaiting(TSegment forWhom)
    {
        TSegment? worst = null;
        foreach (TSegment other in _waiting)
        {
            bool mayTake = other.Kv.BlockCount > 0 && other != forWhom && (_running.Count == 0 || other.Rank.CompareTo(forWhom.Rank) > 0);
            if (mayTake && (worst is null || other.Rank.CompareTo(worst.Rank) > 0))
                worst = other;
        }
        if (worst is null)
            return false;
        ReleaseKv(worst);
        return true;
    }

    /// <summary>Gets blocks for the planned rows, best rank first.</summary>
    private void Secure(Instant now)
    {
        foreach ((TSegment segment, int rows) in _plan)
        {
            while (segment.Running && !_tiers.TryGrow(segment.Kv, segment.Kv.Computed + rows))
                MakeRoom(segment, now);
        }
    }

    private void MakeRoom(TSegment forWhom, Instant now)
    {
        if (Idle.ReleaseOne(now) || ReleaseHeldByWaiting(forWhom))
            return;
        TSegment worst = Worst(_running)!;
        if (_running.Count > 1)
            Preempt(worst, now);
        else if (!TakeFromAnyWaiting(forWhom))
            _tooLarge(forWhom);
    }

    // The last one running owns everything but what better-ranked waiting segments hold: it comes before them, it is running.
    private bool TakeFromAnyWaiting(TSegment forWhom)
    {
        TSegment? holder = _waiting.FindLast(s => s != forWhom && s.Kv.BlockCount > 0);
        if (holder is null)
            return false;
        ReleaseKv(holder);
        return true;
    }

    private void Preempt(TSegment segment, Instant now)
    {
        ReleaseKv(segment);
        _running.Remove(segment);
        _waiting.Add(segment);
        segment.GiveWay(now);
        Preemptions++;
    }

    /// <summary>Takes a segment's blocks: copied to the host tier when that costs less than computing them again.</summary>
    private void ReleaseKv(TSegment segment)
    {
        TKv kv = segment.Kv;
        int copy = _tiers.BlocksToCopy(kv);
        double swapSeconds = _costs.SwapSecondsPerToken * _tiers.BlockTokens * (copy + kv.Published);
        int room = _tiers.HostRoom;
        bool swap = copy <= room && room > 0 && swapSeconds < _costs.PrefillSecondsPerToken * kv.Computed;
        if (swap)
        {
            long bytes = (long)Math.Max(0, _tiers.CopyToHost(kv)) * _tiers.BlockBytes;
            segment.SwappedOutBytes += bytes;
            SwappedOutBytes += bytes;
        }
        Idle.Detach(kv, swap ? _kv.AfterSwap : KvRelease.EvictFirst);
    }

    private static TSegment? Worst(List<TSegment> segments)
    {
        TSegment? worst = null;
        foreach (TSegment segment in segments)
        {
            if (worst is null || segment.Rank.CompareTo(worst.Rank) > 0)
                worst = segment;
        }
        return worst;
    }
}
