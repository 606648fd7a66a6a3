using Astraea.Core;
using Astraea.Core.Batching;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Cluster.Memory;

namespace Astraea.Simulator.Cluster;

/// <summary>One attempt at a segment inside a simulated worker.</summary>
internal sealed class WorkerSegment : BatchSegment<ContextKv>
{
    private readonly SimulatedWorker _worker;
    private readonly HeldLease _heldRunning;
    private readonly HeldLease _heldWaiting;

    public WorkerSegment(SimulatedWorker worker, SessionRun session, Lease lease, string category, ContextKv kv, int computedBefore)
        : base(lease, category, kv, computedBefore)
    {
        _worker = worker;
        Session = session;
        InputTokens = session.InputTokens;
        Generated = session.Request!.OutputTokens;
        Target = session.Current.Output;
        ReadySince = lease.Inputs.ReadySince;
        _heldRunning = new HeldLease(lease.Attempt, Running: true);
        _heldWaiting = new HeldLease(lease.Attempt, Running: false);
    }

    public SessionRun Session { get; }

    public Instant? ReadySince { get; }

    public override int InputTokens { get; }

    /// <summary>Its KV is all there: nothing of it is still on its way from the host tier.</summary>
    public override bool MayCompute => Kv.AvailableAt <= _worker.Now;

    /// <summary>Output so far (tokens).</summary>
    public int Generated { get; set; }

    /// <summary>Output it ends with (tokens).</summary>
    public int Target { get; }

    public HeldLease Held => Running ? _heldRunning : _heldWaiting;
}
