using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Client.Agents;
using Astraea.Client.Wire;
using Astraea.Contracts.History;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Client.Tests.Agents;

/// <summary>The agent client against two real gateways over the same scripted agents.</summary>
public sealed class AgentRunTests : IAsyncLifetime
{
    private readonly ScriptedAgents _agents = new();
    private GatewayHost _first = null!;
    private GatewayHost _second = null!;
    private AstraeaClient _client = null!;

    public async Task InitializeAsync()
    {
        _first = await GatewayHost.StartAsync(_agents, null, ("Astraea:Gateway:DrainSeconds", "0"));
        _second = await GatewayHost.StartAsync(_agents);
        _client = ClientOf(_first, _second);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    private static AgentTask Task => new("Look twice.")
    {
        Instructions = "Be short.",
        Tools = [new AgentTool("look", "Looks.", JsonSerializer.SerializeToElement(new { type = "object" }))],
        Temperature = 0,
        Seed = 7,
        Stop = ["never"],
        Category = "test",
    };

    [Fact]
    public async Task The_loop_runs_tools_until_the_answer_and_the_run_tells_its_history_and_receipt()
    {
        Script(first: ScriptedSegment.CallTools("I look", ("look", """{"at":1}"""), ("look", """{"at":2}""")), second: ScriptedSegment.Say("Two ", "things."));
        List<AgentUpdate> shown = [];

        AgentUpdate.Finished end = await _client.RunAsync(
            Task, (call, _) => System.Threading.Tasks.Task.FromResult($"saw {JsonDocument.Parse(call.Arguments).RootElement.GetProperty("at")}"), shown.Add);

        Assert.Equal((AgentOutcome.Answered, "Two things."), (end.Outcome, end.Text));
        Assert.True(end.Usage!.InputTokens > end.Usage.CachedTokens && end.Usage.OutputTokens == "Two things.".Length);
        Assert.Equal(2, shown.OfType<AgentUpdate.ToolCalled>().Count());
        // Two exchanges of one request: the second stands on the first, with the same settings.
        RequestId id = Assert.Single(_agents.Heard.Select(h => h.Id).Distinct());
        SegmentWork last = _agents.Work.Last();
        Assert.Contains("saw 1", Letters(last.ContextTokens), StringComparison.Ordinal);
        Assert.Contains("saw 2", Letters(last.ContextTokens), StringComparison.Ordinal);
        Assert.All(_agents.Work, work => Assert.Equal((0d, 7ul, false), (work.Spec.Sampling.Temperature, work.Spec.Sampling.Seed, work.Spec.Foreground)));
        Assert.All(_agents.Work, work => Assert.Equal("never", Assert.Single(work.Spec.Stop)));

        IAgentRun run = await _client.OpenAsync($"resp_{id}1", Task);
        AgentHistory history = await run.GetHistoryAsync();
        Assert.Equal((id.ToString(), RequestPhase.Completed), (history.Id, history.Phase));
        AgentEvent[] expected = [.. _agents.History(id).Select(AgentEvent.Of)];
        Assert.Equal(Json(expected), Json([.. history.Events]));
        Assert.Equal(Receipt.Of(_agents.History(id).Select(e => e.Event)), await run.GetReceiptAsync());
        Assert.Equal(2, (await run.GetReceiptAsync()).Segments);
    }

    [Fact]
    public async Task Updates_are_the_same_at_every_reading_and_go_on_behind_a_position()
    {
        Script(first: ScriptedSegment.CallTools("I look", ("look", "{}")), second: ScriptedSegment.Say("done"));
        IAgentRun run = await _client.SubmitAsync(Task);
        List<AgentUpdate> whole = await ReadAsync(run.ReadAsync());

        foreach (AgentUpdate update in whole.SkipLast(1))
            Assert.Equal(Text(whole.Where(u => u.Position > update.Position)), Text(await ReadAsync(run.ReadAsync(update.Position))));
        Assert.Equal([typeof(AgentUpdate.TextAdded), typeof(AgentUpdate.ToolCalled), typeof(AgentUpdate.Finished)], whole.Select(u => u.GetType()));
        Assert.Equal(whole.Select(u => u.Position).Order(), whole.Select(u => u.Position));
    }

    [Fact]
    public async Task A_run_goes_on_when_the_gateway_it_is_read_from_leaves()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two", "three") with { BeforePiece = piece => piece == 1 ? go.Task : System.Threading.Tasks.Task.CompletedTask };
        IAgentRun run = await _client.SubmitAsync(Task);
        List<AgentUpdate> seen = [];

        await foreach (AgentUpdate update in run.ReadAsync())
        {
            seen.Add(update);
            if (seen.Count > 1)
                continue;
            await _first.StopAsync();
            go.SetResult();
        }

        Assert.Equal("onetwothree", Assert.IsType<AgentUpdate.Finished>(seen[^1]).Text);
        using AstraeaClient other = ClientOf(_second);
        IAgentRun again = await other.OpenAsync(run.ResponseId, Task);
        Assert.Equal(Text(await ReadAsync(again.ReadAsync())), Text(seen));
        Assert.Equal(run.Id, again.Id);
    }

    [Fact]
    public async Task A_foreground_stream_goes_on_when_its_gateway_leaves()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 1 ? go.Task : System.Threading.Tasks.Task.CompletedTask };
        List<ResponseEvent> events = [];

        await foreach (ResponseEvent happened in _client.StreamResponseAsync(new ResponseRequest("letters", [ResponseInput.User("x")])))
        {
            events.Add(happened);
            if (happened.Delta != "one")
                continue;
            await _first.StopAsync();
            go.SetResult();
        }

        Assert.Equal(("response.completed", "onetwo"), (events[^1].Type, events[^1].Response!.Text));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => e.SequenceNumber));
        Assert.DoesNotContain(_agents.Heard, h => h.Message is RequestMessage.Cancel);
    }

    [Fact]
    public async Task Results_that_are_posted_twice_meet_and_other_results_are_refused()
    {
        Script(first: ScriptedSegment.CallTools("", ("look", "{}")), second: ScriptedSegment.Say("done"));
        IAgentRun run = await _client.SubmitAsync(Task);
        ToolCall call = Assert.Single((await run.FinishAsync()).Calls);
        IAgentRun twin = await _client.OpenAsync(run.ResponseId, Task);
        IAgentRun rival = await _client.OpenAsync(run.ResponseId, Task);

        await run.PostToolResultsAsync([new AgentToolResult(call.Id, "saw it")]);
        await twin.PostToolResultsAsync([new AgentToolResult(call.Id, "saw it")]);
        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => rival.PostToolResultsAsync([new AgentToolResult(call.Id, "saw nothing")]));

        Assert.Equal(run.ResponseId, twin.ResponseId);
        Assert.Equal("idempotency_key_reused", failure.Code);
        Assert.Equal("done", (await twin.FinishAsync()).Text);
        Assert.Equal(2, _agents.Work.Count);
    }

    [Fact]
    public async Task A_key_names_the_run_and_a_conversation_goes_on_from_an_earlier_one()
    {
        Script(first: ScriptedSegment.Say("first"), second: ScriptedSegment.Say("second"));
        IAgentRun run = await _client.SubmitAsync(Task, "mine");
        IAgentRun same = await _client.SubmitAsync(Task, "mine");
        await run.FinishAsync();
        IAgentRun next = await _client.SubmitAsync(new AgentTask("And now?") { PreviousResponseId = run.ResponseId });

        Assert.Equal((run.Id, run.ResponseId), (same.Id, same.ResponseId));
        Assert.NotEqual(run.Id, next.Id);
        Assert.Equal("second", (await next.FinishAsync()).Text);
        Assert.Contains("first", Letters(_agents.Work.Last().ContextTokens), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conversation_with_calls_in_it_is_sent_as_it_was()
    {
        _agents.Script = _ => ScriptedSegment.Say("ok");
        ImmutableArray<AgentMessage> talk =
        [
            new(Contracts.Text.ChatRole.System, "rules"), AgentMessage.User("q"), AgentMessage.Assistant("hm", [new ToolCall("c1", "look", """{"a":1}""")]),
            AgentMessage.Tool("c1", "r"),
        ];
        IAgentRun run = await _client.SubmitAsync(new AgentTask(talk));
        await run.FinishAsync();

        Assert.True(RequestId.TryParse(run.Id, out RequestId id));
        Contracts.Text.ChatConversation expected = new(
            [
                new(Contracts.Text.ChatRole.System, "rules"), new(Contracts.Text.ChatRole.User, "q"),
                new(Contracts.Text.ChatRole.Assistant, "hm", [new ToolCall("c1", "look", """{"a":1}""")]), new(Contracts.Text.ChatRole.Tool, "r", CallId: "c1", Name: "look"),
            ], null);
        Assert.Equal(_first.Text.Render(expected).Tokens.ToArray(), ((RequestEvent.Submitted)_agents.History(id)[0].Event).PromptTokens.ToArray());
    }

    [Fact]
    public async Task A_run_is_cancelled_once_and_an_ended_one_is_left_alone()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 1 ? go.Task : System.Threading.Tasks.Task.CompletedTask };
        IAgentRun run = await _client.SubmitAsync(Task);

        Assert.True(await run.CancelAsync());
        Assert.True(await run.CancelAsync());
        AgentUpdate.Finished end = await run.FinishAsync();
        go.SetResult();
        _agents.Script = _ => ScriptedSegment.Say("quick");
        IAgentRun quick = await _client.SubmitAsync(Task);
        await quick.FinishAsync();

        Assert.Equal((AgentOutcome.Cancelled, "request_cancelled"), (end.Outcome, end.Error!.Code));
        Assert.False(await quick.CancelAsync());
    }

    [Fact]
    public async Task Failures_and_cut_output_are_outcomes()
    {
        Script(first: ScriptedSegment.Say("half") with { Failure = ("device_error", "The device broke.") }, second: ScriptedSegment.Cut("cut"));

        AgentUpdate.Finished failed = await (await _client.SubmitAsync(Task)).FinishAsync();
        AgentUpdate.Finished cut = await (await _client.SubmitAsync(Task)).FinishAsync();

        Assert.Equal((AgentOutcome.Failed, new AgentError("device_error", "The device broke.")), (failed.Outcome, failed.Error));
        Assert.Equal((AgentOutcome.CutOff, "cut"), (cut.Outcome, cut.Text));
    }

    [Fact]
    public async Task A_run_that_never_was_is_not_found()
    {
        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => _client.OpenAsync("resp_00000000000000000000010", Task));

        Assert.Equal("response_not_found", failure.Code);
    }

    private void Script(ScriptedSegment first, ScriptedSegment second) => _agents.Script = _ => _agents.Work.Count == 1 ? first : second;

    private static AstraeaClient ClientOf(params GatewayHost[] hosts) => new(new AstraeaClientOptions
    {
        Endpoints = [.. hosts.Select(h => h.Address)],
        ApiKey = GatewayHost.AlphaKey,
        RetryPause = TimeSpan.FromMilliseconds(1),
    });

    private static async Task<List<AgentUpdate>> ReadAsync(IAsyncEnumerable<AgentUpdate> updates)
    {
        List<AgentUpdate> all = [];
        await foreach (AgentUpdate update in updates)
            all.Add(update);
        return all;
    }

    private static string[] Text(IEnumerable<AgentUpdate> updates) => [.. updates.Select(u => JsonSerializer.Serialize(u, u.GetType()))];

    private static string Json(AgentEvent[] events) => JsonSerializer.Serialize(events);

    private static string Letters(ImmutableArray<int> tokens) => string.Concat(tokens.Where(t => t < LetterText.Turn).Select(t => (char)t));
}
