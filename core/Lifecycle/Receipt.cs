using Astraea.Core.KvCache;

namespace Astraea.Core.Lifecycle;

/// <summary>What an agent request has cost so far: a pure fold over its history.</summary>
/// <param name="Segments">Segments that ended.</param>
/// <param name="PromptTokens">Input tokens of all segments, cached or not (tokens).</param>
/// <param name="CachedTokens">Of these, found in KV memory (tokens).</param>
/// <param name="RecomputedTokens">Tokens computed again (tokens).</param>
/// <param name="SampledTokens">Output tokens drawn (tokens).</param>
/// <param name="FedTokens">Output tokens fed without sampling (tokens).</param>
/// <param name="SwappedOutBytes">Bytes copied to host tiers (By).</param>
/// <param name="SwappedInBytes">Bytes copied back (By).</param>
/// <param name="MigratedBytes">Bytes that came from other workers (By).</param>
/// <param name="DeviceSeconds">Share of device time (s).</param>
/// <param name="WaitedSeconds">Ready but not running (s).</param>
/// <param name="ToolSeconds">In tool waits (s).</param>
/// <param name="Preemptions">Times set aside under memory pressure.</param>
/// <param name="Migrations">Times its KV changed its worker.</param>
/// <param name="Decisions">KV decisions taken.</param>
public sealed record Receipt(
    int Segments,
    long PromptTokens,
    long CachedTokens,
    long RecomputedTokens,
    long SampledTokens,
    long FedTokens,
    long SwappedOutBytes,
    long SwappedInBytes,
    long MigratedBytes,
    double DeviceSeconds,
    double WaitedSeconds,
    double ToolSeconds,
    int Preemptions,
    int Migrations,
    KvDecisionCounts Decisions)
{
    /// <summary>Nothing used.</summary>
    public static Receipt Zero { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, new KvDecisionCounts(0, 0, 0));

    /// <summary>Folds a history from its first event; open intervals are not counted.</summary>
    public static Receipt Of(IEnumerable<RequestEvent> history)
    {
        Receipt receipt = Zero;
        Instant? readySince = null;
        Instant? toolSince = null;
        KvPlace? kv = null;
        foreach (RequestEvent happened in history)
        {
            switch (happened)
            {
                case RequestEvent.Submitted:
                    readySince = happened.At;
                    break;
                case RequestEvent.SegmentStarted:
                    receipt = receipt with { WaitedSeconds = receipt.WaitedSeconds + Close(ref readySince, happened.At) };
                    break;
                case RequestEvent.SegmentReturned returned:
                    receipt = receipt.PlusWork(returned.Usage);
                    readySince = happened.At;
                    break;
                case RequestEvent.SegmentEnded ended:
                    receipt = receipt.PlusWork(ended.Usage).PlusTokens(ended.Usage) with { Segments = receipt.Segments + 1, Decisions = receipt.Decisions.Plus(ended.Kv?.Decision) };
                    kv = ended.Kv;
                    toolSince = happened.At;
                    break;
                case RequestEvent.ToolResultsPosted:
                    receipt = receipt with { ToolSeconds = receipt.ToolSeconds + Close(ref toolSince, happened.At) };
                    readySince = happened.At;
                    break;
                case RequestEvent.KvMoved moved:
                    receipt = receipt.After(kv, moved.Kv);
                    kv = moved.Kv;
                    break;
                case RequestEvent.RequestCompleted or RequestEvent.RequestFailed or RequestEvent.RequestCancelled:
                    receipt = receipt with
                    {
                        WaitedSeconds = receipt.WaitedSeconds + Close(ref readySince, happened.At),
                        ToolSeconds = receipt.ToolSeconds + Close(ref toolSince, happened.At),
                    };
                    break;
            }
        }
        return receipt;
    }

    /// <summary>What a whole segment took in and gave out: its last attempt says, for all of them.</summary>
    private Receipt PlusTokens(SegmentUsage usage) => this with
    {
        PromptTokens = PromptTokens + usage.PromptTokens,
        CachedTokens = CachedTokens + usage.CachedTokens,
        SampledTokens = SampledTokens + usage.SampledTokens,
        FedTokens = FedTokens + usage.FedTokens,
    };

    /// <summary>What one attempt did.</summary>
    private Receipt PlusWork(SegmentUsage usage) => this with
    {
        RecomputedTokens = RecomputedTokens + usage.RecomputedTokens,
        SwappedOutBytes = SwappedOutBytes + usage.SwappedOutBytes,
        SwappedInBytes = SwappedInBytes + usage.SwappedInBytes,
        MigratedBytes = MigratedBytes + usage.MigratedBytes,
        DeviceSeconds = DeviceSeconds + usage.DeviceSeconds,
        Preemptions = Preemptions + usage.Preemptions,
    };

    /// <summary>A move to another worker is a migration; a change on the same worker is a decision reconsidered.</summary>
    private Receipt After(KvPlace? before, KvPlace now) =>
        before is not null && before.Worker != now.Worker ? this with { Migrations = Migrations + 1 }
        : before?.Decision != now.Decision ? this with { Decisions = Decisions.Plus(now.Decision) }
        : this;

    private static double Close(ref Instant? since, Instant at)
    {
        double seconds = since is { } start ? Math.Max(0, (at - start).TotalSeconds) : 0;
        since = null;
        return seconds;
    }
}

/// <summary>How often each KV decision was taken.</summary>
public sealed record KvDecisionCounts(int Preserve, int Swap, int Discard)
{
    /// <summary>One more of a kind; none is not counted.</summary>
    public KvDecisionCounts Plus(KvDecision? decision) => decision switch
    {
        KvDecision.Preserve => this with { Preserve = Preserve + 1 },
        KvDecision.Swap => this with { Swap = Swap + 1 },
        KvDecision.Discard => this with { Discard = Discard + 1 },
        _ => this,
    };
}
