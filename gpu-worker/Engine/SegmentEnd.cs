using System.Collections.Immutable;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Engine;

/// <summary>How the engine let go of a segment. Given to its sink once, after its last token.</summary>
internal abstract record SegmentEnd
{
    private SegmentEnd() { }

    /// <summary>Complete.</summary>
    public sealed record Finished(FinishReason Finish, ImmutableArray<ParsedCall> Calls, SegmentUsage Usage, KvPlace? Kv) : SegmentEnd;

    /// <summary>Unfinished, through no fault of its own: another worker, or this one later, shall go on.</summary>
    public sealed record Returned(string Reason, SegmentUsage Usage) : SegmentEnd;

    /// <summary>Cannot run.</summary>
    public sealed record Failed(string Code, string Message) : SegmentEnd;

    /// <summary>Stopped on order; nobody waits for a report.</summary>
    public sealed record Stopped : SegmentEnd;
}

/// <summary>Where a segment's output goes. Called by the engine's thread; must not block.</summary>
internal interface ISegmentSink
{
    /// <summary>Takes the next output tokens, sampled or fed.</summary>
    void Add(ReadOnlySpan<int> tokens);

    /// <summary>Tokens taken and not yet durable (tokens): back-pressure.</summary>
    int Unreported { get; }

    /// <summary>The segment has left the engine.</summary>
    void End(SegmentEnd end);
}
