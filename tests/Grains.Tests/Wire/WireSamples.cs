using System.Text.Json;
using Astraea.Contracts;
using Astraea.Contracts.FrontDoor;
using Astraea.Contracts.Text;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Grains.Tests.Wire;

/// <summary>At least one of everything that travels; each property has, in some sample, another value than its default.</summary>
internal static class WireSamples
{
    private static readonly Instant s_at = new(17_999_999_999_999_999);
    private static readonly RequestId s_id = new(UInt128.MaxValue);
    private static readonly TenantId s_tenant = new("tenant");
    private static readonly PoolId s_pool = new("pool");
    private static readonly WorkerId s_worker = new("w0");
    private static readonly ApiKey s_key = new("secret-key");
    private static readonly ToolCall s_call = new("call_x0", "look", """{"at":"東京"}""");
    private static readonly KvPlace s_kv = new(s_worker, 48, 16, "00ff", KvDecision.Swap, "pressure 0.7 of 0.6");
    private static readonly SegmentUsage s_usage = new(100, 80, 5, 30, 2, 4096, 2048, 1024, 0.125, 1);
    private static readonly SegmentAttempt s_attempt = new(s_id, 1, 2);
    private static readonly CostProfile s_costs = new(0.001, 0.002, 0.0003, 0.0004);

    private static readonly RankInputs s_rank =
        new(s_id, s_at, 2, TimeSpan.FromSeconds(1), new Instant(6), 0.5, 1.5, double.PositiveInfinity, 3)
        {
            SegmentSince = new Instant(5), AttainedSeconds = 2.5, ServedSeconds = 1, ContextTokens = 48, UncachedTokens = 16, OutputTokens = 8, ToolSeconds = 4,
            RecomputeSeconds = 0.75, SwapSeconds = 0.25, Pinned = true, Idleness = 0.5, TenantLead = 3,
        };

    private static readonly SegmentSpec s_spec =
        new(64, 8, true, new Sampling(0.7, 0.9, 40, ulong.MaxValue, 0.5, -0.5), ["\n\n", "§"], ToolMode.Named, "look", "[{}]", true, """{"place":"body.schema"}""");

    private static readonly FrontDoorSettings s_settings = new(
        "model", "Be brief.", [new FrontDoorTool("look", "Looks.", JsonDocument.Parse("""{"type":"object"}""").RootElement), new FrontDoorTool("rest", null, null)],
        ToolMode.Named, "look", 64, 0.5, 0.9, -7, ["\n\n"], "math");

    public static IEnumerable<object> All => [.. Messages, .. Replies, .. Histories, .. Scheduling, .. DoorCalls, .. DoorReplies];

    private static IEnumerable<object> Messages =>
    [
        new RequestMessage.Submit(s_tenant, s_pool, "math", s_id, new RequestId(1), "key", "hash", """[{"role":"user"}]""", [1, 2, 3], s_spec),
        new RequestMessage.PostToolResults(["call_x0"], "key 2", "hash 2", "[]", [1, 2, 3, 4], s_spec),
        new RequestMessage.Cancel("cancelled by its client"),
        new RequestMessage.StartSegment(1, 2, s_worker, 3, 4, "score 1.5, level 4"),
        new RequestMessage.ReportTokens(1, 2, 7, [100, 200]),
        new RequestMessage.EndSegment(1, 2, 9, [300], FinishReason.ToolCalls, [new ParsedCall("look", "{}")], s_usage, s_kv),
        new RequestMessage.ReturnSegment(1, 2, "draining", s_usage),
        new RequestMessage.FailSegment(1, 2, "too_long", "The context does not fit."),
        new RequestMessage.MoveKv(s_kv),
        new RequestMessage.CheckAttendance(TimeSpan.FromSeconds(61.5)),
        new RequestMessage.Wake(),
    ];

    private static IEnumerable<object> Replies =>
    [
        new RequestReply.Accepted(3, Joined: true),
        new RequestReply.Refused(RefusalCode.KeyReused, "This key was used with another body."),
        new RequestReply.Started(new SegmentWork(s_tenant, "math", [1, 2, 3], [4, 5], s_spec, 2)),
        new RequestReply.Progress(WorkerOrder.Stop),
        new RequestReply.Done(),
    ];

    private static IEnumerable<object> Histories =>
    [
        new HistoryPage([.. Events.Select((e, i) => new RecordedEvent(i + 1, e))], RequestPhase.Completed, 12),
        new RequestStatus(
            s_id, 12, s_pool, s_tenant, "math", RequestPhase.Running, s_at, new Instant(5), 2, 3, s_worker, 120, 20, 8, 64, TimeSpan.FromMilliseconds(1234.5),
            0.125, 4, "look", s_kv, [new SegmentOutcome(100, 30, 0.1, "look", 1.5)])
        {
            Parent = new RequestId(7),
        },
    ];

    private static IEnumerable<RequestEvent> Events =>
    [
        new RequestEvent.Submitted(s_tenant, s_pool, "math", s_id, new RequestId(1), new Exchange(0, "key", "hash"), "[]", [1, 2, 3], s_spec, s_at),
        new RequestEvent.SegmentStarted(1, 2, s_worker, 3, 4, "score 1.5, level 0", s_at),
        new RequestEvent.TokensGenerated(1, 2, 7, [100, 200], s_at),
        new RequestEvent.SegmentReturned(1, 2, "draining", s_usage, s_at),
        new RequestEvent.SegmentEnded(1, 2, FinishReason.ToolCalls, [s_call], s_usage, s_kv, s_at),
        new RequestEvent.ToolResultsPosted(new Exchange(1, "key 2", "hash 2"), "[]", 110, [4, 5], s_spec, s_at),
        new RequestEvent.KvMoved(s_kv, s_at),
        new RequestEvent.RequestCompleted(s_at),
        new RequestEvent.RequestFailed("tool_timeout", "No tool results came.", s_at),
        new RequestEvent.RequestCancelled("unread", s_at),
    ];

    private static IEnumerable<object> Scheduling =>
    [
        new PullRequest(s_worker, 9, [new HeldLease(s_attempt, true)], 256, 200, 512, 8, 2048, "cpu:f32", "https://10.0.0.1:7101", s_costs, [new KvResidence(s_id, s_kv)]),
        new Plan(
            9, [new Lease(s_attempt, s_rank, "level 2")],
            [new Revoke(s_attempt, "superseded")],
            [new Migration(s_id, s_tenant, s_kv, new WorkerId("w1"), "https://10.0.0.2:7101", "cpu:f32", "ticket", "saves 2 s")]),
        new ClusterView(
            s_pool, "astraea", 9, [new WorkerView(s_worker, 256, 200, 512, 3, 1, "cpu:f32", s_costs, TimeSpan.FromSeconds(2))],
            [new RequestView(
                s_id, s_tenant, "math", RequestPhase.Running, 1, 2, double.PositiveInfinity, true, s_worker, s_kv, 120, 20, 1.5, 2.5, "waits for a slot")]),
    ];

    private static IEnumerable<object> DoorCalls =>
    [
        new FrontDoorCall.Submit(
            s_key, "key",
            [
                new FrontDoorMessage(ChatRole.User, "Look: “東京”", [], null), new FrontDoorMessage(ChatRole.Assistant, "", [s_call], null),
                new FrontDoorMessage(ChatRole.Tool, "A tower.", [], "call_x0"),
            ],
            "resp_0", s_settings),
        new FrontDoorCall.PostToolResults(s_key, "resp_0", [new FrontDoorToolResult("call_x0", "A tower.")], s_settings),
        new FrontDoorCall.Read(s_key, "resp_0", 17, 1024, TimeSpan.FromSeconds(5)),
        new FrontDoorCall.Cancel(s_key, s_id),
        new FrontDoorCall.ReadHistory(s_key, s_id, 12),
    ];

    private static IEnumerable<object> DoorReplies =>
    [
        new FrontDoorReply.Accepted("resp_0"),
        new FrontDoorReply.Updates(
            [
                new FrontDoorUpdate.TextAdded(3, "東京 \ud83c\udf12"), new FrontDoorUpdate.ToolCalled(4, s_call),
                new FrontDoorUpdate.Finished(5, ExchangeEnd.CalledTools, "東京", [s_call], 100, 80, 32, "code", "Why."),
            ],
            AreLast: true),
        new FrontDoorReply.Ended(RequestPhase.Cancelled),
        new FrontDoorReply.History(new HistoryPage([new RecordedEvent(1, new RequestEvent.RequestCompleted(s_at))], RequestPhase.Completed, 1)),
        new FrontDoorReply.Refused(409, "This key was used before.", "idempotency_key_reused", "input", MayRetry: true),
    ];
}
