using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>What is counted while a run goes on.</summary>
internal sealed class RunBooks
{
    private readonly Scenario _scenario;
    private readonly List<JobOutcome> _outcomes = [];
    private readonly ImmutableArray<TierSample>.Builder _samples = ImmutableArray.CreateBuilder<TierSample>();
    private readonly Instant _until;
    private readonly long _jobs;
    private long _arrived, _ended;
    private int _measuredOpen;
    private long _segments, _migrations, _migratedTokens;

    public RunBooks(Scenario scenario)
    {
        _scenario = scenario;
        _until = double.IsInfinity(scenario.MeasureUntil) ? new Instant(long.MaxValue) : VirtualTime.At(scenario.MeasureUntil);
        _jobs = scenario.Sessions.Sum(static s => (long)s.Jobs.Length);
    }

    /// <summary>Nothing is left to happen but what repeats itself.</summary>
    public bool AllEnded => _ended == _jobs;

    public double ShareEnded => _jobs == 0 ? 1 : (double)_ended / _jobs;

    /// <summary>Whether no measured job is open at a moment, and none can come any more.</summary>
    public bool AllMeasuredEnded(Instant next) => next > _until && _measuredOpen == 0;

    public void Arrived(SessionRun session, Instant now)
    {
        _arrived++;
        if (Measured(now))
            _measuredOpen++;
    }

    public void SegmentEnded() => _segments++;

    public void JobEnded(SessionRun session, Instant now)
    {
        _ended++;
        if (!Measured(session.ArrivedAt))
            return;
        _measuredOpen--;
        SimulatedJob job = session.Session.Jobs[session.Job];
        _outcomes.Add(new JobOutcome(
            session.Index, session.Job, session.ArrivedAt.Seconds(), now.Seconds(), job.ToolSeconds, session.Isolated, session.Waited,
            session.LongestWait, session.LongestWaitIsolated, job.Segments.Sum(static s => s.Output), session.Recomputed));
    }

    /// <summary>A job that no worker can run stays unfinished; the session's later jobs never come.</summary>
    public void JobFailed(SessionRun session) => _ended += session.Session.Jobs.Length - session.Job;

    public void Moved(int tokens)
    {
        _migrations++;
        _migratedTokens += tokens;
    }

    public void Sample(Instant now, SimulatedWorker[] workers, int ready)
    {
        long running = 0, pinned = 0, cached = 0, host = 0;
        int inside = 0, batches = 0;
        foreach (SimulatedWorker worker in workers)
        {
            pinned += worker.Idle.PinnedBlocks;
            running += worker.Memory.DeviceUsed - worker.Idle.PinnedBlocks;
            cached += worker.Memory.DeviceCached;
            host += worker.Memory.HostUsed;
            inside += worker.Waiting;
            batches += worker.Running;
        }
        _samples.Add(new TierSample(now.Seconds(), running, pinned, cached, host, ready + inside, batches, (int)(_arrived - _ended)));
    }

    public RunResult Close(Instant now, IEnumerable<WorkerTotals> workers)
    {
        long steps = 0, prefill = 0, output = 0, recomputed = 0, swappedOut = 0, swappedIn = 0, preemptions = 0;
        double stalled = 0, busy = 0;
        foreach (WorkerTotals worker in workers)
        {
            steps += worker.Steps;
            prefill += worker.PrefillTokens;
            output += worker.OutputTokens;
            recomputed += worker.RecomputedTokens;
            swappedOut += worker.SwappedOutTokens;
            swappedIn += worker.SwappedInTokens;
            preemptions += worker.Preemptions;
            stalled += worker.StalledSeconds;
            busy += worker.BusySeconds;
        }
        RunTotals totals = new(
            now.Seconds(), _segments, steps, stalled, busy, prefill, output, recomputed, swappedOut, swappedIn, _migratedTokens, _migrations, preemptions);
        ImmutableArray<JobOutcome> jobs = [.. _outcomes.OrderBy(static j => j.Session).ThenBy(static j => j.Job)];
        return new RunResult(jobs, _measuredOpen, totals, _samples.ToImmutable());
    }

    private bool Measured(Instant arrival) => arrival <= _until && arrival.Seconds() >= _scenario.MeasureFrom;
}
