using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Machines;
using Astraea.Simulator.Cluster;

namespace Astraea.Simulator.Tests.Cluster;

public sealed class SimulatedRequestTests
{
    private static readonly RequestId Id = new(42);
    private static readonly WorkerId Worker = new("w0");

    [Fact]
    public void Its_pictures_equal_those_of_a_machine_with_token_ids_over_scripted_lives()
    {
        int compared = 0;
        for (ulong seed = 0; seed < 200; seed++)
            compared += Live(new SeededGenerator(seed));
        Assert.True(compared > 2_000);
    }

    private static int Live(SeededGenerator draws)
    {
        AgentRequestMachine machine = new();
        AgentRequestState state = machine.Initial(Id.ToString());
        SimulatedRequest lean = new(Id, new TenantId("t"), "kind", draws.NextInt(2) == 0 ? new RequestId(7) : null);
        RequestId? parent = lean.ToStatus().Parent;
        Instant now = new(1_000);
        int next = 1, attempt = 0, compared = 0;
        ImmutableArray<int> context = Tokens(ref next, 1 + draws.NextInt(50));
        Tell(machine, state, new RequestMessage.Submit(
            new TenantId("t"), new PoolId("pool"), "kind", parent, null, null, "b", "", context, Spec(30)), now);
        lean.Submit(context.Length, 0, 30, now);
        Same();
        for (int segment = 0; segment < 4; segment++)
        {
            ImmutableArray<int> output = [];
            while (true)
            {
                now += TimeSpan.FromSeconds(draws.NextExponential());
                attempt++;
                Tell(machine, state, new RequestMessage.StartSegment(segment, attempt, Worker, 1, 2, "rank"), now);
                Assert.True(lean.TryStart(segment, attempt, Worker, 2, now));
                Assert.False(lean.TryStart(segment, attempt - 1, Worker, 2, now));
                Same();
                now += TimeSpan.FromSeconds(draws.NextExponential());
                if (draws.NextInt(3) > 0)
                    break;
                ImmutableArray<int> part = Tokens(ref next, draws.NextInt(5));
                Tell(machine, state, new RequestMessage.ReportTokens(segment, attempt, output.Length, part), now);
                output = output.AddRange(part);
                lean.Report(output.Length);
                Tell(machine, state, new RequestMessage.ReturnSegment(segment, attempt, "drain", SegmentUsage.Zero with { DeviceSeconds = 0.5 }), now);
                lean.Return(0.5, now);
                Same();
            }
            bool last = segment == 3 || draws.NextInt(4) == 0;
            ImmutableArray<int> rest = Tokens(ref next, 1 + draws.NextInt(9));
            KvPlace kv = new(Worker, 16 * draws.NextInt(3), 0, "tip", KvDecision.Preserve, "why");
            SegmentUsage usage = SegmentUsage.Zero with { PromptTokens = context.Length, CachedTokens = context.Length / 2, DeviceSeconds = 1.25 };
            Tell(machine, state, new RequestMessage.EndSegment(
                segment, attempt, output.Length, rest, last ? FinishReason.Stop : FinishReason.ToolCalls,
                last ? [] : [new ParsedCall("grep", "{}")], usage, kv), now);
            output = output.AddRange(rest);
            lean.Report(output.Length);
            lean.End(last ? null : "grep", context.Length - context.Length / 2, 1.25, kv, now);
            Same();
            if (last)
                break;
            KvPlace moved = kv with { Worker = new WorkerId("w1"), Decision = KvDecision.Swap };
            Tell(machine, state, new RequestMessage.MoveKv(moved), now);
            Assert.True(lean.TryMoveKv(moved));
            Same();
            now += TimeSpan.FromSeconds(draws.NextExponential());
            int kept = draws.NextInt(3) == 0 ? context.Length / 2 : context.Length + output.Length;
            int before = kept;
            ImmutableArray<int> added = Tokens(ref next, 1 + draws.NextInt(20));
            context = [.. context.AddRange(output).Take(kept), .. added];
            Tell(machine, state, new RequestMessage.PostToolResults([.. state.PendingCalls.Select(c => c.Id)], null, $"b{segment}", "", context, Spec(20 + segment)), now);
            lean.ToolReturns(before, added.Length, 0, 20 + segment, now);
            Assert.Equal(state.ComputedTokens, lean.ComputedTokens);
            Same();
        }
        return compared;

        void Same()
        {
            RequestStatus expected = state.ToStatus(), actual = lean.ToStatus();
            Assert.Equal(expected with { Ended = [] }, actual with { Ended = [] });
            Assert.Equal(expected.Ended.AsEnumerable(), actual.Ended);
            compared++;
        }
    }

    private static void Tell(AgentRequestMachine machine, AgentRequestState state, RequestMessage message, Instant now)
    {
        Decision<RequestEvent, RequestReply> decision = machine.Handle(state, message, now);
        Assert.IsNotType<RequestReply.Refused>(decision.Reply);
        foreach (RequestEvent happened in decision.Events)
            machine.Apply(state, happened);
    }

    private static ImmutableArray<int> Tokens(ref int next, int count)
    {
        int from = next;
        next += count;
        return [.. Enumerable.Range(from, count)];
    }

    private static SegmentSpec Spec(int max) => new(max, 0, false, new Sampling(), [], ToolMode.None, null, null, false);
}
