using System.Text.Json;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

/// <summary>Two gateways in front of the same agents: whatever one began, the other goes on with.</summary>
public sealed class ResumeTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private const string Responses = "/v1/responses";
    private const string Tools = """[{"type":"function","name":"look","parameters":{"type":"object"}}]""";
    private const string Ask = $$"""{"model":"letters","stream":true,"input":"Hi","tools":{{Tools}}}""";
    private const string StreamedChat = """{"model":"letters","stream":true,"messages":[{"role":"user","content":"Hi"}]}""";

    private readonly ScriptedAgents _agents = new();
    private GatewayHost _first = null!;
    private GatewayHost _second = null!;

    public async Task InitializeAsync()
    {
        _first = await GatewayHost.StartAsync(_agents, null, ("Astraea:Gateway:ReadWaitSeconds", "1"));
        _second = await GatewayHost.StartAsync(_agents);
    }

    public async Task DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_goes_on_at_another_gateway_from_every_number_of_it()
    {
        _agents.Script = _ => ScriptedSegment.CallTools("I look", ("look", """{"at":1}"""), ("look", """{"at":2}"""));
        using EventStream undisturbed = await _first.OpenAsync(Responses, Ask);
        List<StreamEvent> whole = await undisturbed.RestAsync();
        string id = IdOf(whole);

        Assert.True(whole.Count > 15);
        for (int n = 0; n < whole.Count - 1; n++)
        {
            using EventStream tail = await _second.OpenAsync(Tail(id, whole[n].Sequence));
            Assert.Equal(whole.Skip(n + 1), await tail.RestAsync());
        }
    }

    [Fact]
    public async Task A_stream_that_is_live_goes_on_at_another_gateway_from_wherever_it_is()
    {
        TaskCompletionSource[] gates = [.. Enumerable.Range(0, 6).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        _agents.Script = _ => ScriptedSegment.Say("a", "b", "c", "d", "e", "f") with { BeforePiece = piece => gates[piece].Task };
        using EventStream watched = await _first.OpenAsync(Responses, Ask);
        List<StreamEvent> seen = await watched.UntilAsync(e => e.Name == "response.in_progress");
        List<(int After, EventStream Tail)> tails = [];

        foreach (TaskCompletionSource gate in gates)
        {
            tails.Add((seen[^1].Sequence, await _second.OpenAsync(Tail(IdOf(seen), seen[^1].Sequence))));
            gate.SetResult();
            seen.AddRange(await watched.UntilAsync(e => e.Name == "response.output_text.delta"));
        }
        seen.AddRange(await watched.RestAsync());

        foreach ((int after, EventStream tail) in tails)
        {
            Assert.Equal(seen.Skip(after + 1), await tail.RestAsync());
            tail.Dispose();
        }
        Assert.Equal(Enumerable.Range(0, seen.Count - 1), seen.SkipLast(1).Select(e => e.Sequence));
    }

    [Fact]
    public async Task The_first_event_of_a_stream_names_the_response_so_that_it_can_be_resumed()
    {
        TaskCompletionSource never = new();
        _agents.Script = _ => ScriptedSegment.Say("late") with { BeforePiece = _ => never.Task };
        using EventStream stream = await _first.OpenAsync(Responses, Ask);

        StreamEvent? first = await stream.NextAsync();

        Assert.Equal(("response.created", 0), (first!.Name, first.Sequence));
        using HttpResponseMessage found = await _second.Client.GetAsync(new Uri($"{Responses}/{IdOf([first])}", UriKind.Relative));
        Assert.True(found.IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_stream_waits_through_an_outage_with_comments_and_loses_nothing()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource silence = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two", "three") with { BeforePiece = piece => piece == 1 ? go.Task : Task.CompletedTask };
        using EventStream stream = await _first.OpenAsync(Responses, Ask);
        List<StreamEvent> seen = await stream.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));

        // The silo that holds the request dies: calls neither come back nor fail, then fail, then are answered elsewhere.
        _agents.SilenceUntil(silence.Task);
        Assert.True((await stream.NextAsync())!.IsComment);
        go.SetResult();
        // The read that waited came back with nothing; the next one hangs, and the client hears of us all the same.
        Assert.True((await stream.NextAsync())!.IsComment);
        _agents.BreakNext(4);
        silence.SetResult();
        seen.AddRange(await stream.RestAsync());

        using EventStream replay = await _second.OpenAsync(new HttpRequestMessage(HttpMethod.Get, $"{Responses}/{IdOf(seen)}?stream=true"));
        Assert.Equal(await replay.RestAsync(), seen);
        Assert.Equal("onetwothree", Text(seen));
    }

    [Fact]
    public async Task A_response_whose_owner_has_just_died_is_resumed_as_soon_as_it_is_back()
    {
        using EventStream undisturbed = await _first.OpenAsync(Responses, Ask);
        List<StreamEvent> whole = await undisturbed.RestAsync();
        _agents.BreakNext(6);

        using EventStream tail = await _second.OpenAsync(Tail(IdOf(whole), 3));

        Assert.Equal(whole.Skip(4), await tail.RestAsync());
    }

    [Fact]
    public async Task An_outage_longer_than_the_patience_ends_a_stream_in_an_error_with_the_next_number()
    {
        await using GatewayHost hasty = await GatewayHost.StartAsync(_agents, null, ("Astraea:Gateway:UnavailableReadMs", "0"));
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 1 ? go.Task : Task.CompletedTask };
        using EventStream stream = await hasty.OpenAsync(Responses, Ask);
        List<StreamEvent> seen = await stream.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));

        _agents.BreakNext(1);
        List<StreamEvent> rest = await stream.RestAsync();
        go.SetResult();

        Assert.Equal(("error", "unavailable"), (rest[0].Name, rest[0].Json.GetProperty("code").GetString()));
        Assert.Equal(seen[^1].Sequence + 1, rest[0].Sequence);
    }

    [Fact]
    public async Task A_chat_with_a_key_replays_from_the_start_at_another_gateway()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 1 ? go.Task : Task.CompletedTask };
        using EventStream live = await _first.OpenAsync(Chat, StreamedChat, "k");
        List<StreamEvent> seen = await live.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));

        using EventStream joined = await _second.OpenAsync(Chat, StreamedChat, "k");
        List<StreamEvent> again = await joined.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));
        Assert.Equal(seen, again);
        go.SetResult();
        seen.AddRange(await live.RestAsync());
        again.AddRange(await joined.RestAsync());
        using EventStream after = await _second.OpenAsync(Chat, StreamedChat, "k");

        Assert.Equal(seen, again);
        Assert.Equal(seen, await after.RestAsync());
        Assert.Equal(live.Request, joined.Request);
        Assert.Single(_agents.Work);
    }

    [Fact]
    public async Task A_response_that_runs_can_be_cancelled_at_another_gateway_and_one_that_ended_cannot()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 1 ? go.Task : Task.CompletedTask };
        using EventStream stream = await _first.OpenAsync(Responses, Ask);
        List<StreamEvent> seen = await stream.UntilAsync(e => e.Data!.Contains("one", StringComparison.Ordinal));
        string cancel = $"{Responses}/{IdOf(seen)}/cancel";

        using HttpResponseMessage foreign = await _second.Other.PostAsync(new Uri(cancel, UriKind.Relative), null);
        JsonElement cancelled = await _second.PostAsync(cancel, "{}");
        JsonElement again = await _second.PostAsync(cancel, "{}");
        List<StreamEvent> rest = await stream.RestAsync();
        go.SetResult();
        _agents.Script = _ => ScriptedSegment.Say("done");
        JsonElement other = await _first.PostAsync(Responses, """{"model":"letters","input":"Hi"}""");
        using HttpResponseMessage late = await _first.Client.PostAsync(new Uri($"{Responses}/{other.GetProperty("id").GetString()}/cancel", UriKind.Relative), null);

        Assert.Equal(404, (int)foreign.StatusCode);
        Assert.Equal("cancelled", cancelled.GetProperty("status").GetString());
        Assert.Equal(cancelled.GetRawText(), again.GetRawText());
        Assert.Equal("response.failed", rest[^2].Name);
        Assert.Equal(400, (int)late.StatusCode);
        Assert.Contains("response_ended", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static HttpRequestMessage Tail(string id, int after) => new(HttpMethod.Get, $"{Responses}/{id}?stream=true&starting_after={after}");

    private static string IdOf(List<StreamEvent> events) => events[0].Json.GetProperty("response").GetProperty("id").GetString()!;

    private static string Text(List<StreamEvent> events) =>
        string.Concat(events.Where(e => e.Name == "response.output_text.delta").Select(e => e.Json.GetProperty("delta").GetString()));
}
