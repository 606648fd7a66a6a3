using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Astraea.Client;
using Astraea.Client.Agents;
using Astraea.Client.ExtensionsAI;
using Astraea.Client.Orleans;
using Astraea.Client.Wire;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Astraea.Cluster.Tests.FrontDoor;

/// <summary>The Orleans client against real silos: what a program outside the cluster can do with a run.</summary>
public sealed class OrleansClientTests : IClassFixture<OrleansClientTests.Running>
{
    private static readonly ImmutableArray<AgentTool> s_tools =
    [
        new("look", "Looks.", JsonDocument.Parse("""{"type":"object","properties":{"at":{"type":"string"}}}""").RootElement),
        new("count", null, default),
    ];

    private readonly DoorCluster _cluster;

    public OrleansClientTests(Running running)
    {
        _cluster = running.Cluster;
        _cluster.Pen.Script = Pen.Answer;
    }

    [Fact]
    public async Task A_task_is_answered_and_its_stream_adds_up_to_the_answer()
    {
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));

        List<AgentUpdate> updates = await ReadAsync(run);

        AgentUpdate.Finished finished = Assert.IsType<AgentUpdate.Finished>(updates[^1]);
        Assert.Equal(AgentOutcome.Answered, finished.Outcome);
        Assert.StartsWith("I read ", finished.Text, StringComparison.Ordinal);
        Assert.Equal(finished.Text, string.Concat(updates.OfType<AgentUpdate.TextAdded>().Select(t => t.Text)));
        Assert.Equal(Enumerable.Range(0, updates.Count).Select(i => (long)i), updates.Select(u => u.Position));
        Assert.Equal(1, finished.Usage!.CachedTokens);
        Assert.Equal(finished.Text.Length, finished.Usage.OutputTokens);
        Assert.StartsWith($"resp_{run.Id}", run.ResponseId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_goes_on_behind_any_position_and_is_the_same_at_every_reading()
    {
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));
        List<AgentUpdate> all = await ReadAsync(run);

        foreach (AgentUpdate update in all)
            Assert.Equal(all.Where(u => u.Position > update.Position), await ReadAsync(run, update.Position), Same);
        Assert.Empty(await ReadAsync(run, all[^1].Position + 100));
        IAgentRun opened = await _cluster.ClientOf(DoorCluster.AlphaKey).OpenAsync(run.ResponseId, new AgentTask("Hello"));
        Assert.Equal(all, await ReadAsync(opened), Same);
    }

    [Fact]
    public async Task Updates_are_there_while_the_segment_still_runs()
    {
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.Pen.Script = work => Pen.Answer(work) with { BeforePiece = i => i == 0 ? Task.CompletedTask : second.Task };
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));

        await foreach (AgentUpdate update in run.ReadAsync())
        {
            if (update is AgentUpdate.TextAdded { Text: "I read " })
                second.SetResult();
            if (update is AgentUpdate.Finished finished)
                Assert.Equal(AgentOutcome.Answered, finished.Outcome);
        }
        Assert.True(second.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_tool_loop_runs_to_its_answer_and_history_and_receipt_tell_of_both_segments()
    {
        _cluster.Pen.Script = Pen.CallThenAnswer;
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Look up") { Tools = s_tools });
        AgentUpdate.Finished first = await run.FinishAsync();
        Assert.Equal(AgentOutcome.CalledTools, first.Outcome);
        Assert.Equal(["look", "count"], first.Calls.Select(c => c.Name));
        Assert.Equal("""{"at":"sky"}""", first.Calls[0].Arguments);

        ImmutableArray<AgentToolResult> results = [.. first.Calls.Select(c => new AgentToolResult(c.Id, $"result of {c.Name}"))];
        string before = run.ResponseId;
        await run.PostToolResultsAsync(results);
        string next = run.ResponseId;
        await run.PostToolResultsAsync(results);
        Assert.NotEqual(before, next);
        Assert.Equal(next, run.ResponseId);

        AgentUpdate.Finished second = await run.FinishAsync();
        Assert.Equal(AgentOutcome.Answered, second.Outcome);
        AgentHistory history = await run.GetHistoryAsync();
        Assert.Equal(RequestPhase.Completed, history.Phase);
        Assert.Equal(Enumerable.Range(1, history.Events.Length).Select(i => (long)i), history.Events.Select(e => e.Version));
        Assert.Equal("submitted", history.Events[0].Type);
        Assert.Equal("completed", history.Events[^1].Type);
        Receipt receipt = await run.GetReceiptAsync();
        Assert.Equal(2, receipt.Segments);
        Assert.Equal(0.5, receipt.DeviceSeconds);
    }

    [Fact]
    public async Task The_agent_loop_is_the_same_over_orleans()
    {
        _cluster.Pen.Script = Pen.CallThenAnswer;
        List<string> called = [];

        AgentUpdate.Finished end = await _cluster.Client.RunAsync(new AgentTask("Look up") { Tools = s_tools }, (call, _) =>
        {
            lock (called)
                called.Add(call.Name);
            return Task.FromResult("done");
        });

        Assert.Equal(AgentOutcome.Answered, end.Outcome);
        Assert.Equal(["count", "look"], called.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_silo_without_a_gateway_is_a_client_like_any_other()
    {
        IAgentRun run = await _cluster.ClientIn(_cluster.Control).SubmitAsync(new AgentTask("Hello"), "from-inside");
        AgentUpdate.Finished inside = await run.FinishAsync();
        IAgentRun same = await _cluster.Client.SubmitAsync(new AgentTask("Hello"), "from-inside");
        Assert.Equal(run.ResponseId, same.ResponseId);
        Assert.Equal(inside.Text, (await same.FinishAsync()).Text);
    }

    [Fact]
    public async Task A_cancelled_run_ends_as_cancelled_and_a_finished_one_cannot_be_cancelled()
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.Pen.Script = work => Pen.Answer(work) with { BeforePiece = _ => over.Task };
        IAgentRun held = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));

        Assert.True(await held.CancelAsync());
        Assert.True(await held.CancelAsync());
        AgentUpdate.Finished end = await held.FinishAsync();
        Assert.Equal(AgentOutcome.Cancelled, end.Outcome);
        Assert.Equal("request_cancelled", end.Error!.Code);
        over.SetResult();

        _cluster.Pen.Script = Pen.Answer;
        IAgentRun done = await _cluster.Client.SubmitAsync(new AgentTask("Hello again"));
        await done.FinishAsync();
        Assert.False(await done.CancelAsync());
    }

    [Fact]
    public async Task A_failed_segment_is_told_with_its_reason()
    {
        _cluster.Pen.Script = work => Pen.Answer(work) with { Failure = ("no_luck", "It did not work.") };
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));

        AgentUpdate.Finished end = await run.FinishAsync();

        Assert.Equal(AgentOutcome.Failed, end.Outcome);
        Assert.Equal(new AgentError("no_luck", "It did not work."), end.Error);
        Assert.Null(end.Usage);
    }

    [Fact]
    public async Task The_same_key_finds_the_same_run_and_refuses_another_task()
    {
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"), "key-1");
        IAgentRun again = await _cluster.Client.SubmitAsync(new AgentTask("Hello"), "key-1");
        Assert.Equal(run.ResponseId, again.ResponseId);

        AstraeaException refused = await Assert.ThrowsAsync<AstraeaException>(() => _cluster.Client.SubmitAsync(new AgentTask("Hi"), "key-1"));
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal("idempotency_key_reused", refused.Code);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_at_every_call()
    {
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));
        IAgentClient stranger = _cluster.ClientOf("alpha-secret-2");
        AstraeaException refused = await Assert.ThrowsAsync<AstraeaException>(() => stranger.SubmitAsync(new AgentTask("Hello")));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
        Assert.Equal("invalid_api_key", refused.Code);
        refused = await Assert.ThrowsAsync<AstraeaException>(() => stranger.OpenAsync(run.ResponseId, new AgentTask("Hello")));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task A_run_of_another_tenant_is_not_found_whatever_is_asked_of_it()
    {
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));
        await run.FinishAsync();
        IAgentClient other = _cluster.ClientOf(DoorCluster.BetaKey);
        await NotFoundAsync(() => other.OpenAsync(run.ResponseId, new AgentTask("Hello")));

        OrleansAgentRun foreign = new(_cluster.DoorsOf(DoorCluster.BetaKey), new AgentTask("Hello"), run.ResponseId);
        await NotFoundAsync(() => foreign.FinishAsync());
        await NotFoundAsync(() => foreign.CancelAsync());
        await NotFoundAsync(() => foreign.GetHistoryAsync());
        await NotFoundAsync(() => foreign.GetReceiptAsync());
        await NotFoundAsync(() => foreign.PostToolResultsAsync([new AgentToolResult("call_x", "y")]));
        Assert.Equal(RequestPhase.Completed, (await run.GetHistoryAsync()).Phase);
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_not_found()
    {
        await NotFoundAsync(() => _cluster.Client.OpenAsync($"resp_{new RequestId(77)}0", new AgentTask("Hello")));
        await NotFoundAsync(() => _cluster.Client.OpenAsync("resp_nonsense", new AgentTask("Hello")));
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));
        await NotFoundAsync(() => _cluster.Client.OpenAsync($"resp_{run.Id}1", new AgentTask("Hello")));
    }

    [Theory]
    [InlineData(3.0, null, "temperature")]
    [InlineData(null, "no-such-model", "model")]
    public async Task A_task_that_cannot_be_served_is_refused_as_over_http(double? temperature, string? model, string param)
    {
        AstraeaException refused = await Assert.ThrowsAsync<AstraeaException>(
            () => _cluster.Client.SubmitAsync(new AgentTask("Hello") { Temperature = temperature, Model = model }));
        Assert.Equal(param, refused.Param);
    }

    [Fact]
    public async Task Results_that_answer_nothing_begin_no_run_of_their_own()
    {
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));
        await run.FinishAsync();
        AstraeaException refused = await Assert.ThrowsAsync<AstraeaException>(() => run.PostToolResultsAsync([new AgentToolResult("call_x", "y")]));
        Assert.True((int?)refused.Status is >= 400 and < 500);
        Assert.Equal(RequestPhase.Completed, (await run.GetHistoryAsync()).Phase);
    }

    [Fact]
    public async Task The_same_task_over_rest_and_over_orleans_comes_to_the_same_text()
    {
        _cluster.Pen.Script = Pen.CallThenAnswer;
        await using GatewayHost http = await GatewayHost.StartAsync(services => services.AddSingleton(_cluster.Requests).AddSingleton(_cluster.Scheduler));
        using AstraeaClient rest = new(http.Address, DoorCluster.AlphaKey);
        AgentTask task = new([AgentMessage.User("Look up, and say “what” you see 🌒"), AgentMessage.Assistant("Where?"), AgentMessage.User("There.")])
        {
            Instructions = "Be brief.", Tools = [s_tools[0], s_tools[0] with { Name = "count", Description = "Counts “all”." }], Seed = 7, Temperature = 0.5, TopP = 0.9, MaxOutputTokens = 100, Category = "sky", Stop = ["\n\n"],
            ToolChoice = ToolChoice.Required,
        };

        List<string> overRest = [];
        List<string> overOrleans = [];
        AgentUpdate.Finished restEnd = await rest.RunAsync(task, Tool, u => overRest.Add(Shown(u)));
        AgentUpdate.Finished orleansEnd = await _cluster.Client.RunAsync(task, Tool, u => overOrleans.Add(Shown(u)));

        Assert.Equal(AgentOutcome.Answered, restEnd.Outcome);
        Assert.Equal(restEnd.Text, orleansEnd.Text);
        Assert.Equal(restEnd.Usage, orleansEnd.Usage);
        Assert.Equal(overRest, overOrleans);

        static Task<string> Tool(ToolCall call, CancellationToken cancellation) => Task.FromResult($"{call.Name}({call.Arguments}) saw a moon");
        static string Shown(AgentUpdate update) => update switch
        {
            AgentUpdate.TextAdded added => $"text {added.Text}",
            AgentUpdate.ToolCalled called => $"call {called.Call.Name} {called.Call.Arguments}",
            AgentUpdate.Finished end => $"{end.Outcome} {end.Text} {end.Usage} {end.Error}",
            _ => throw new ArgumentOutOfRangeException(nameof(update)),
        };
    }

    [Fact]
    public async Task A_chat_client_with_functions_works_over_orleans_as_over_rest()
    {
        _cluster.Pen.Script = Pen.CallThenAnswer;
        await using GatewayHost http = await GatewayHost.StartAsync(services => services.AddSingleton(_cluster.Requests).AddSingleton(_cluster.Scheduler));
        using AstraeaClient rest = new(http.Address, DoorCluster.AlphaKey);

        string overRest = await ChatAsync(rest);
        string overOrleans = await ChatAsync(_cluster.Client);

        Assert.StartsWith("I read ", overOrleans, StringComparison.Ordinal);
        Assert.Equal(overRest, overOrleans);

        static async Task<string> ChatAsync(IAgentClient client)
        {
            List<string> called = [];
            using IChatClient chat = new AgentChatClient(client).AsBuilder().UseFunctionInvocation().Build();
            ChatOptions options = new()
            {
                Tools = [AIFunctionFactory.Create((string at) => Call($"look {at}"), "look"), AIFunctionFactory.Create(() => Call("count"), "count")], Seed = 3,
            };
            ChatResponse response = await chat.GetResponseAsync("Look up", options);
            Assert.Equal(["count", "look sky"], called.Order(StringComparer.Ordinal));
            return response.Messages[^1].Text;

            string Call(string what)
            {
                called.Add(what);
                return $"{what}: done";
            }
        }
    }

    private static async Task NotFoundAsync(Func<Task> call) =>
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<AstraeaException>(call)).Status);

    private static async Task<List<AgentUpdate>> ReadAsync(IAgentRun run, long after = -1)
    {
        List<AgentUpdate> updates = [];
        await foreach (AgentUpdate update in run.ReadAsync(after))
            updates.Add(update);
        return updates;
    }

    private static bool Same(AgentUpdate left, AgentUpdate right) => left is AgentUpdate.Finished a && right is AgentUpdate.Finished b
        ? a with { Calls = [] } == b with { Calls = [] } && a.Calls.SequenceEqual(b.Calls)
        : left == right;

    /// <summary>One cluster for all tests here: each has runs of its own.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal DoorCluster Cluster { get; private set; } = null!;

        public async Task InitializeAsync() => Cluster = await DoorCluster.StartAsync();

        public async Task DisposeAsync() => await Cluster.DisposeAsync();
    }
}
