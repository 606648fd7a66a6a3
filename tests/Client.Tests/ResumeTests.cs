using Astraea.Client.Wire;
using Microsoft.AspNetCore.Http;

namespace Astraea.Client.Tests;

public sealed class ResumeTests
{
    private const int Length = 8;

    private static readonly ResponseRequest Ask = new("m", [ResponseInput.User("x")]);

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_stream_cut_behind_any_event_goes_on_without_gap_or_duplicate(bool abort)
    {
        for (int cut = 0; cut < Length; cut++)
        {
            int events = cut;
            await using StubNode node = await StubNode.StartAsync(async (context, call) =>
            {
                int first = call == 0 ? 0 : After(context) + 1;
                await StubNode.Events(context, [.. Whole().Take(call == 0 ? events : Length).Skip(first)]);
                await context.Response.Body.FlushAsync();
                if (abort && call == 0)
                    context.Abort();
            });
            using AstraeaClient client = node.Client();

            Assert.Equal(Enumerable.Range(0, Length), (await ReadAsync(client.StreamResponseAsync(Ask, "key"))).Select(static e => e.SequenceNumber));

            SeenCall again = node.Calls.Last();
            Assert.Equal(2, node.Calls.Count);
            // What was under way when the connection was aborted may not have been seen.
            if (abort)
                continue;
            // Before the response has a name, the same key finds it.
            if (cut == 0)
                Assert.Equal(("POST", "key"), (again.Method, again.Headers["Idempotency-Key"].ToString()));
            else
                Assert.Equal(("GET", "/v1/responses/resp_1", $"?stream=true&starting_after={cut - 1}"), (again.Method, again.Path, again.Query));
        }
    }

    [Fact]
    public async Task A_server_that_drains_or_lost_sight_of_the_request_is_left_for_the_next_one()
    {
        await using StubNode draining = await StubNode.StartAsync(static (context, call) => StubNode.Events(context, [.. Whole().Take(3), Error("server_draining", 3)]));
        await using StubNode blind = await StubNode.StartAsync(static (context, call) => StubNode.Events(context, [Whole()[3], Error("unavailable", 4)]));
        await using StubNode good = await StubNode.StartAsync(static (context, call) => StubNode.Events(context, Whole()[(After(context) + 1)..]));
        using AstraeaClient client = Client(draining, blind, good);

        List<ResponseEvent> events = await ReadAsync(client.StreamResponseAsync(Ask));
        await ReadAsync(client.ResumeResponseAsync("resp_1"));

        Assert.Equal(Enumerable.Range(0, Length), events.Select(static e => e.SequenceNumber));
        Assert.Equal(("?stream=true&starting_after=2", "?stream=true&starting_after=3"), (blind.Calls.Single().Query, good.Calls.First().Query));
        // The client stays where it was served.
        Assert.Equal((1, 1, 2), (draining.Calls.Count, blind.Calls.Count, good.Calls.Count));
    }

    [Fact]
    public async Task An_event_that_comes_again_is_left_out_and_one_that_is_missing_is_an_error()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, call) => call == 0
            ? StubNode.Events(context, [.. Whole().Take(3)])
            : StubNode.Events(context, Whole()[1], Whole()[2], Whole()[3], Whole()[5]));
        using AstraeaClient client = node.Client();
        List<int> seen = [];

        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(async () =>
        {
            await foreach (ResponseEvent happened in client.StreamResponseAsync(Ask))
                seen.Add(happened.SequenceNumber);
        });

        Assert.Equal([0, 1, 2, 3], seen);
        Assert.Contains("Event 5 of the stream followed event 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_that_is_the_response_s_own_is_not_resumed()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, _) => StubNode.Events(context, Whole()[0], Error("model_broken", 1)));
        using AstraeaClient client = node.Client();

        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => ReadAsync(client.StreamResponseAsync(Ask)));

        Assert.Equal(("model_broken", "said so"), (failure.Code, failure.Message));
        Assert.Single(node.Calls);
    }

    [Fact]
    public async Task Without_time_to_repeat_a_broken_stream_is_an_error()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, _) => StubNode.Events(context, Whole()[0]));
        using AstraeaClient client = node.Client(TimeSpan.Zero);

        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => ReadAsync(client.StreamResponseAsync(Ask)));

        Assert.Contains("ended before its last event", failure.Message, StringComparison.Ordinal);
        Assert.Single(node.Calls);
    }

    [Fact]
    public async Task A_server_that_falls_silent_counts_as_lost()
    {
        await using StubNode mute = await StubNode.StartAsync(static async (context, _) =>
        {
            await StubNode.Events(context, Whole()[0], Whole()[1]);
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        await using StubNode good = await StubNode.StartAsync(static (context, _) => StubNode.Events(context, Whole()[(After(context) + 1)..]));
        using AstraeaClient client = new(Options(mute, good) with { StreamSilenceMax = TimeSpan.FromMilliseconds(500) });

        List<ResponseEvent> events = await ReadAsync(client.StreamResponseAsync(Ask));

        Assert.Equal(Enumerable.Range(0, Length), events.Select(static e => e.SequenceNumber));
    }

    [Fact]
    public async Task A_call_goes_to_the_next_endpoint_when_one_is_gone_or_sends_it_away_and_stays_there()
    {
        Uri gone;
        await using (StubNode node = await StubNode.StartAsync(static (_, _) => Task.CompletedTask))
            gone = node.Endpoint;
        await using StubNode leaving = await StubNode.StartAsync(static (context, _) =>
        {
            context.Response.Headers.RetryAfter = "3600";
            return StubNode.Json(context, """{"error":{"message":"leaving","code":"server_draining"}}""", 503);
        });
        await using StubNode good = await StubNode.StartAsync(static (context, _) => StubNode.Json(context, """{"data":[{"id":"m"}]}"""));
        // No time for a second round: each endpoint is tried once, and nobody waits for the one that leaves.
        using AstraeaClient client = new(new AstraeaClientOptions { Endpoints = [gone, leaving.Endpoint, good.Endpoint], RetryFor = TimeSpan.Zero });

        Assert.Equal("m", (await client.GetModelsAsync()).Data.Single().Id);
        await client.GetModelsAsync();

        Assert.Equal((1, 2), (leaving.Calls.Count, good.Calls.Count));
    }

    [Fact]
    public async Task When_all_endpoints_are_away_they_are_asked_again_after_a_pause()
    {
        await using StubNode first = await StubNode.StartAsync(static (context, _) => StubNode.Json(context, "{}", 503));
        await using StubNode second = await StubNode.StartAsync(static (context, call) => call < 2
            ? StubNode.Json(context, "{}", 503)
            : StubNode.Json(context, """{"data":[{"id":"m"}]}"""));
        using AstraeaClient client = Client(first, second);

        Assert.Equal("m", (await client.GetModelsAsync()).Data.Single().Id);
        Assert.Equal((3, 3), (first.Calls.Count, second.Calls.Count));
    }

    [Fact]
    public void Options_without_an_endpoint_are_refused() => Assert.Throws<ArgumentException>(static () => new AstraeaClient(new AstraeaClientOptions()));

    private static AstraeaClientOptions Options(params StubNode[] nodes) => new()
    {
        Endpoints = [.. nodes.Select(static n => n.Endpoint)],
        RetryFor = TimeSpan.FromSeconds(30),
        RetryPause = TimeSpan.FromMilliseconds(1),
    };

    private static AstraeaClient Client(params StubNode[] nodes) => new(Options(nodes));

    /// <summary>A response of eight events.</summary>
    private static string[] Whole() =>
    [
        """{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","model":"m","output":[]}}""",
        .. Enumerable.Range(1, Length - 2).Select(static n => $$"""{"type":"response.output_text.delta","sequence_number":{{n}},"delta":"{{n}}"}"""),
        $$$"""{"type":"response.completed","sequence_number":{{{Length - 1}}},"response":{"id":"resp_1","status":"completed","model":"m","error":null,"output":[]}}""",
    ];

    private static string Error(string code, int number) =>
        $$$"""{"type":"error","sequence_number":{{{number}}},"code":"{{{code}}}","message":"said so","error":{"message":"said so","type":"server_error","param":null,"code":"{{{code}}}"}}""";

    private static int After(HttpContext context) => int.TryParse(context.Request.Query["starting_after"], out int after) ? after : -1;

    private static async Task<List<ResponseEvent>> ReadAsync(IAsyncEnumerable<ResponseEvent> stream)
    {
        List<ResponseEvent> events = [];
        await foreach (ResponseEvent happened in stream)
            events.Add(happened);
        return events;
    }
}
