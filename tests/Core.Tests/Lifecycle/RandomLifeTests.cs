using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using static Astraea.Core.Tests.Lifecycle.RequestUnderTest;

namespace Astraea.Core.Tests.Lifecycle;

/// <summary>Lives of random messages, sensible and senseless: what holds for every history.</summary>
public sealed class RandomLifeTests
{
    [Fact]
    public void Deciding_changes_nothing_and_a_replay_gives_the_same_state()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            RequestUnderTest request = Live(seed, checkPure: true);
            AgentRequestState replayed = request.Machine.Initial(Id.ToString());
            foreach (RequestEvent happened in request.History)
                request.Machine.Apply(replayed, happened);
            Assert.Equal(request.State.Hash(), replayed.Hash());
        }
    }

    [Fact]
    public void Every_history_is_whole()
    {
        int ended = 0;
        int takeovers = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            List<RequestEvent> history = Live(seed, checkPure: false).History;
            int output = 0;
            int attempt = 0;
            foreach (RequestEvent happened in history)
            {
                switch (happened)
                {
                    case RequestEvent.TokensGenerated tokens:
                        Assert.Equal((output, attempt), (tokens.Offset, tokens.Attempt));
                        output += tokens.Tokens.Length;
                        break;
                    case RequestEvent.SegmentStarted started:
                        Assert.True(started.Attempt > attempt);
                        takeovers += output > 0 ? 1 : 0;
                        attempt = started.Attempt;
                        break;
                    case RequestEvent.ToolResultsPosted:
                        output = 0;
                        break;
                }
            }
            if (history.Any(e => e.IsTerminal()))
            {
                ended++;
                Assert.True(history[^1].IsTerminal());
                Assert.Single(history, e => e.IsTerminal());
            }
            Assert.Equal(Receipt.Of(history).Segments, history.Count(e => e is RequestEvent.SegmentEnded));
        }
        Assert.True(ended > 50 && takeovers > 50, $"{ended} ended, {takeovers} takeovers: the lives are too tame.");
    }

    [Fact]
    public void The_hash_sees_every_step()
    {
        RequestUnderTest request = new();
        HashSet<string> seen = [request.State.Hash()];
        request.Submit();
        Assert.True(seen.Add(request.State.Hash()));
        request.Start();
        Assert.True(seen.Add(request.State.Hash()));
        request.Tokens(0, 1, 0, 5);
        Assert.True(seen.Add(request.State.Hash()));
        request.End(0, 1, 1, FinishReason.ToolCalls, "look");
        Assert.True(seen.Add(request.State.Hash()));
    }

    private static RequestUnderTest Live(int seed, bool checkPure)
    {
        RequestUnderTest request = new();
        Random random = new(seed);
        for (int step = 0; step < 60; step++)
        {
            request.Now += random.Next(-2, 10);
            RequestMessage message = Next(request, random);
            if (checkPure)
            {
                string before = request.State.Hash();
                request.Machine.Handle(request.State, message, new Instant((long)(request.Now * TimeSpan.TicksPerSecond)));
                Assert.Equal(before, request.State.Hash());
            }
            request.Send(message);
        }
        return request;
    }

    private static RequestMessage Next(RequestUnderTest request, Random random)
    {
        AgentRequestState state = request.State;
        // Mostly what fits, at times one off: late, early, or somebody else's.
        int segment = state.Segment + (random.Next(8) == 0 ? random.Next(-1, 2) : 0);
        int attempt = state.Attempt + (random.Next(8) == 0 ? random.Next(-1, 2) : 0);
        int offset = Math.Max(0, state.Output.Count + (random.Next(4) == 0 ? random.Next(-2, 2) : 0));
        int[] tokens = [.. Enumerable.Range(offset, random.Next(4))];
        string[] calls = random.Next(3) == 0 ? [] : ["look", "count"];
        return random.Next(state.Phase == RequestPhase.New ? 1 : 30) switch
        {
            < 2 => new RequestMessage.Submit(Tenant, new PoolId("p"), "", null, null, "k0", "b0", "[]", [1, 2, 3], Spec),
            < 7 => new RequestMessage.StartSegment(segment, attempt + 1, new WorkerId($"w{random.Next(2)}"), 1, random.Next(3), "why"),
            < 16 => new RequestMessage.ReportTokens(segment, attempt, offset, [.. tokens]),
            < 19 => new RequestMessage.EndSegment(
                segment, attempt, offset, [.. tokens], FinishReason.ToolCalls, [.. calls.Select(c => new ParsedCall(c, "{}"))], Usage(1), null),
            < 25 => new RequestMessage.PostToolResults(request.PendingIds, $"k{random.Next(9)}", "b", "[]", [1, 2, 3, .. state.Output, 4], Spec),
            < 26 => new RequestMessage.ReturnSegment(segment, attempt, "draining", Usage(1)),
            < 27 => new RequestMessage.MoveKv(Place(Worker, (KvDecision)random.Next(4))),
            < 28 => new RequestMessage.CheckAttendance(TimeSpan.FromSeconds(random.Next(62))),
            < 29 => new RequestMessage.Wake(),
            _ => random.Next(4) == 0 ? new RequestMessage.FailSegment(segment, attempt, "c", "m") : new RequestMessage.Wake(),
        };
    }
}
