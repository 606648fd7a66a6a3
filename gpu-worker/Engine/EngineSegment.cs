using Astraea.Core.Batching;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>One attempt at a segment inside the engine. Made off the engine's thread, then owned by it.</summary>
internal sealed class EngineSegment : BatchSegment<SequenceKv>
{
    private readonly int _unreportedMost;

    /// <param name="lease">The offer it runs on.</param>
    /// <param name="work">What to compute.</param>
    /// <param name="kv">Its context.</param>
    /// <param name="output">Its output, with what earlier attempts made replayed.</param>
    /// <param name="sink">Where output goes.</param>
    /// <param name="unreportedMost">Output that may wait for durability before the segment pauses (tokens).</param>
    public EngineSegment(Lease lease, SegmentWork work, SequenceKv kv, SegmentOutput output, ISegmentSink sink, int unreportedMost)
        : base(lease, work.Category, kv, work.ComputedTokens)
    {
        Work = work;
        Output = output;
        Sink = sink;
        ReadySince = lease.Inputs.ReadySince;
        _unreportedMost = unreportedMost;
    }

    public SegmentWork Work { get; }

    public SegmentOutput Output { get; }

    public ISegmentSink Sink { get; }

    /// <summary>When it became ready, by the scheduler's clock.</summary>
    public Core.Instant? ReadySince { get; }

    public override int InputTokens => Work.ContextTokens.Length;

    // A segment whose output nobody makes durable pauses; its memory may still be taken.
    public override bool MayCompute => Sink.Unreported < _unreportedMost;

    public SegmentUsage Usage => new(
        Work.ContextTokens.Length, CachedTokens, RecomputedTokens, Output.Sampled, Output.Count - Output.Sampled, SwappedOutBytes, SwappedInBytes, MigratedBytes,
        DeviceSeconds, Preemptions);

    /// <summary>Takes output that was not durable yet and hands it on.</summary>
    public void TakeSampled(int token)
    {
        int before = Output.Count;
        Output.Take(token);
        Output.TakeForced();
        Sink.Add(Output.Tokens[before..]);
    }

    /// <summary>Feeds what the form forces before the first draw.</summary>
    public void TakeForced()
    {
        int before = Output.Count;
        Output.TakeForced();
        if (Output.Count > before)
            Sink.Add(Output.Tokens[before..]);
    }
}
