using System.Collections.Immutable;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Machines;

namespace Astraea.Core.Tests.Lifecycle;

/// <summary>A request machine with its state, its history and a clock in seconds; each message says what it does in one line.</summary>
internal sealed class RequestUnderTest
{
    public static readonly RequestId Id = new(UInt128.Parse("123456789012345678901234567890"));
    public static readonly TenantId Tenant = new("tenant");
    public static readonly WorkerId Worker = new("w0");
    public static readonly SegmentSpec Spec = new(32, 0, false, new Sampling(Seed: 7), [], ToolMode.Auto, null, "[]", Foreground: true);

    public AgentRequestMachine Machine { get; } = new();

    public AgentRequestState State { get; }

    public List<RequestEvent> History { get; } = [];

    /// <summary>Seconds since the epoch.</summary>
    public double Now { get; set; } = 1000;

    public RequestUnderTest() => State = Machine.Initial(Id.ToString());

    public RequestReply Send(RequestMessage message)
    {
        Decision<RequestEvent, RequestReply> decision = Machine.Handle(State, message, new Instant((long)(Now * TimeSpan.TicksPerSecond)));
        foreach (RequestEvent happened in decision.Events)
        {
            Machine.Apply(State, happened);
            History.Add(happened);
        }
        return decision.Reply;
    }

    public List<RequestEffect> Owed()
    {
        List<RequestEffect> due = [];
        Machine.Owed(State, due);
        return due;
    }

    public RequestReply Submit(string? key = "k0", string body = "b0", params int[] prompt) => Send(
        new RequestMessage.Submit(Tenant, new PoolId("pool"), "math", null, null, key, body, "[]", prompt.Length == 0 ? [1, 2, 3] : [.. prompt], Spec));

    public RequestReply Start(int segment = 0, int attempt = 1, string worker = "w0", int level = 0) =>
        Send(new RequestMessage.StartSegment(segment, attempt, new WorkerId(worker), 1, level, "first in line"));

    public RequestReply Tokens(int segment, int attempt, int offset, params int[] tokens) =>
        Send(new RequestMessage.ReportTokens(segment, attempt, offset, [.. tokens]));

    public RequestReply End(int segment, int attempt, int offset, FinishReason finish, params string[] calls) => Send(new RequestMessage.EndSegment(
        segment, attempt, offset, [90, 91], finish, [.. calls.Select(c => new ParsedCall(c, "{}"))], Usage(2), Place(Worker, KvDecision.Preserve)));

    public RequestReply Return(int segment, int attempt) => Send(new RequestMessage.ReturnSegment(segment, attempt, "draining", Usage(1)));

    public RequestReply Results(string? key, string body, int[] context, params string[] calls) =>
        Send(new RequestMessage.PostToolResults([.. calls], key, body, "[]", [.. context], Spec));

    public static SegmentUsage Usage(double seconds) => new(10, 4, 1, 2, 0, 100, 50, 25, seconds, 1);

    public static KvPlace Place(WorkerId worker, KvDecision decision) => new(worker, 5, 0, "aa", decision, "reason");

    /// <summary>Submitted, run, and waiting for the calls named.</summary>
    public static RequestUnderTest InToolWait(params string[] calls)
    {
        RequestUnderTest request = new();
        request.Submit();
        request.Start();
        request.End(0, 1, 0, FinishReason.ToolCalls, calls);
        return request;
    }

    public ImmutableArray<string> PendingIds => [.. State.PendingCalls.Select(c => c.Id)];
}
