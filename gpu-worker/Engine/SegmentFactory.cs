using Astraea.Contracts.Text;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>Turns started work into a segment the engine can run. Keys, form and text are derived here, off the engine's thread.</summary>
internal static class SegmentFactory
{
    /// <summary>Makes a segment whose output so far has been replayed.</summary>
    public static EngineSegment Create(
        Lease lease, SegmentWork work, ISegmentSink sink, BlockKeyer keyer, IModelText text, IConstraintFactory constraints, ModelShape shape,
        int unreportedMost)
    {
        SegmentSpec spec = work.Spec;
        int expected = work.ContextTokens.Length + Math.Min(spec.MaxOutputTokens, shape.ContextTokensMax) + keyer.BlockTokens;
        SequenceKv kv = new(keyer.For(work.Tenant), work.ContextTokens.AsSpan(), expected);
        SegmentOutput output = new(
            spec, kv, work.ContextTokens.Length, constraints.Create(spec), text.CreateReader(spec), [.. text.EndTokens], shape.ContextTokensMax);
        foreach (int token in work.OutputTokens)
        {
            if (output.Ended is null)
                output.Take(token);
        }
        return new EngineSegment(lease, work, kv, output, sink, unreportedMost);
    }
}
