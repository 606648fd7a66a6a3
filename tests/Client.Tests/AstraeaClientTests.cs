using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Astraea.Client.Wire;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Microsoft.AspNetCore.Http;

namespace Astraea.Client.Tests;

public sealed class AstraeaClientTests
{
    private const string Completion = """
        {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,
        "tool_calls":[{"id":"call_1","type":"function","function":{"name":"look","arguments":"{\"text\":\"x\"}"}}]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}}
        """;

    private static readonly ChatRequest Ask = new("m", [ChatMessage.User("hello")]);

    [Fact]
    public async Task A_chat_is_sent_in_openai_shape_and_read_back()
    {
        await using StubNode node = await StubNode.StartAsync((context, _) =>
        {
            context.Response.Headers["x-astraea-request-id"] = "R1";
            return StubNode.Json(context, Completion);
        });
        using AstraeaClient client = node.Client();
        using JsonDocument schema = JsonDocument.Parse("""{"type":"object"}""");

        ChatCompletion completion = await client.CompleteChatAsync(
            Ask with
            {
                Tools = [new ChatTool(new ChatFunction("look", null, schema.RootElement))],
                ToolChoice = ToolChoice.Function("look"),
                MaxTokens = 5,
                MinTokens = 5,
                IgnoreEos = true,
                Seed = 7,
                Metadata = ImmutableDictionary<string, string>.Empty.Add("category", "math"),
            },
            "key-1");

        SeenCall call = Assert.Single(node.Calls);
        Assert.Equal(("POST", "/v1/chat/completions"), (call.Method, call.Path));
        Assert.Equal("Bearer secret-key", call.Headers.Authorization);
        Assert.Equal("key-1", call.Headers["Idempotency-Key"]);
        Assert.Equal(
            """{"model":"m","messages":[{"role":"user","content":"hello"}],"tools":[{"function":{"name":"look","parameters":{"type":"object"}},"type":"function"}],"tool_choice":{"type":"function","function":{"name":"look"}},"max_tokens":5,"min_tokens":5,"ignore_eos":true,"seed":7,"metadata":{"category":"math"}}""",
            call.Body);
        Assert.Equal("R1", completion.AgentRequest);
        Assert.Equal("call_1", Assert.Single(completion.Message.ToolCalls!.Value).Id);
        Assert.Equal((12, 3, 4), (completion.Usage.PromptTokens, completion.Usage.CompletionTokens, completion.Usage.PromptTokensDetails!.CachedTokens));
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_with_the_same_key_and_body()
    {
        await using StubNode node = await StubNode.StartAsync((context, call) =>
        {
            if (call < 2)
            {
                context.Response.Headers.RetryAfter = "0";
                return StubNode.Json(context, """{"error":{"message":"full"}}""", call == 0 ? 429 : 503);
            }
            return StubNode.Json(context, Completion);
        });
        using AstraeaClient client = node.Client();

        Assert.Equal("chatcmpl-1", (await client.CompleteChatAsync(Ask)).Id);

        Assert.Equal(3, node.Calls.Count);
        Assert.Single(node.Calls.Select(static c => c.Headers["Idempotency-Key"].ToString()).Distinct());
        Assert.Single(node.Calls.Select(static c => c.Body).Distinct());
        Assert.NotEqual("", node.Calls.First().Headers["Idempotency-Key"].ToString());
    }

    [Fact]
    public async Task A_connection_cut_in_the_middle_of_an_answer_is_a_failed_try()
    {
        await using StubNode node = await StubNode.StartAsync(async (context, call) =>
        {
            if (call > 0)
            {
                await StubNode.Json(context, Completion);
                return;
            }
            context.Response.ContentLength = Completion.Length;
            await context.Response.WriteAsync(Completion[..40]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        using AstraeaClient client = node.Client();

        Assert.Equal("chatcmpl-1", (await client.CompleteChatAsync(Ask)).Id);
        Assert.Equal(2, node.Calls.Count);
    }

    [Theory]
    [InlineData(400, null, 1)]
    [InlineData(409, null, 1)]
    [InlineData(503, "false", 1)]
    [InlineData(409, "true", 2)]
    public async Task What_will_not_change_is_not_repeated_unless_the_server_says_so(int status, string? shouldRetry, int calls)
    {
        await using StubNode node = await StubNode.StartAsync((context, call) =>
        {
            if (call > 0)
                return StubNode.Json(context, Completion);
            if (shouldRetry is not null)
                context.Response.Headers["x-should-retry"] = shouldRetry;
            context.Response.Headers["x-request-id"] = "t-9";
            return StubNode.Json(context, """{"error":{"message":"no such thing","type":"invalid_request_error","param":"model","code":"nope"}}""", status);
        });
        using AstraeaClient client = node.Client();

        AstraeaException? failure = await Record.ExceptionAsync(() => client.CompleteChatAsync(Ask)) as AstraeaException;

        Assert.Equal(calls, node.Calls.Count);
        if (calls > 1)
        {
            Assert.Null(failure);
            return;
        }
        Assert.Equal(((HttpStatusCode)status, "no such thing", "nope", "model", "t-9"), (failure!.Status, failure.Message, failure.Code, failure.Param, failure.Trace));
    }

    [Fact]
    public async Task A_server_that_is_not_there_gives_one_clear_error()
    {
        Uri nowhere;
        await using (StubNode node = await StubNode.StartAsync(static (_, _) => Task.CompletedTask))
            nowhere = node.Endpoint;
        using AstraeaClient client = new(new AstraeaClientOptions { Endpoint = nowhere, RetryFor = TimeSpan.Zero });

        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => client.GetModelsAsync());

        Assert.Null(failure.Status);
        Assert.Contains($"{nowhere} cannot be reached", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_ends_a_call_that_waits()
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using StubNode node = await StubNode.StartAsync(async (context, _) =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        using AstraeaClient client = node.Client();
        using CancellationTokenSource stop = new();
        Task<ChatCompletion> call = client.CompleteChatAsync(Ask, cancellation: stop.Token);
        await reached.Task;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_streamed_chat_comes_piece_by_piece_and_asks_for_usage()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, _) => StubNode.Events(
            context,
            """{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}""",
            """{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}""",
            "[DONE]"));
        using AstraeaClient client = node.Client();

        List<ChatChunk> chunks = [];
        await foreach (ChatChunk chunk in client.StreamChatAsync(Ask))
            chunks.Add(chunk);

        Assert.Equal("Hello", string.Concat(chunks.Select(static c => c.Text)));
        Assert.Equal(2, chunks[^1].Usage!.CompletionTokens);
        Assert.Contains("""stream":true,"stream_options":{"include_usage":true}""", node.Calls.Single().Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "overloaded")]
    [InlineData(false, "The stream ended before its last event")]
    public async Task A_stream_that_fails_or_stops_early_says_so(bool error, string message)
    {
        await using StubNode node = await StubNode.StartAsync((context, _) => StubNode.Events(
            context,
            error ? """{"error":{"message":"overloaded"}}""" : """{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"""));
        using AstraeaClient client = node.Client();

        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(async () =>
        {
            await foreach (ChatChunk chunk in client.StreamChatAsync(Ask))
                Assert.Equal("a", chunk.Text);
        });
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_goes_on_from_an_earlier_one_and_is_read()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, _) => StubNode.Json(context, """
            {"id":"resp_2","object":"response","status":"completed","model":"m","error":null,"previous_response_id":"resp_1","output":[
            {"type":"message","id":"msg","role":"assistant","content":[{"type":"output_text","text":"Hi"}]},
            {"type":"function_call","id":"fc","call_id":"call_1","name":"look","arguments":"{}"}],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}
            """));
        using AstraeaClient client = node.Client();

        Response response = await client.CreateResponseAsync(
            new ResponseRequest("m", [ResponseInput.ToolResult("call_0", "42")]) { PreviousResponseId = "resp_1", ToolChoice = ToolChoice.Function("look") });

        Assert.Equal("Hi", response.Text);
        Assert.Equal("call_1", Assert.Single(response.Calls).CallId);
        Assert.Equal(
            """{"model":"m","input":[{"type":"function_call_output","call_id":"call_0","output":"42"}],"previous_response_id":"resp_1","tool_choice":{"type":"function","name":"look"}}""",
            node.Calls.Single().Body);
    }

    [Fact]
    public async Task A_streamed_response_ends_with_its_last_event_even_without_a_done_line()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, _) => StubNode.Events(
            context,
            """{"type":"response.output_text.delta","sequence_number":0,"delta":"Hi"}""",
            """{"type":"response.completed","sequence_number":1,"response":{"id":"resp_1","status":"completed","model":"m","error":null,"output":[]}}"""));
        using AstraeaClient client = node.Client();

        List<ResponseEvent> events = [];
        await foreach (ResponseEvent item in client.StreamResponseAsync(new ResponseRequest("m", [ResponseInput.User("x")])))
            events.Add(item);

        Assert.Equal("Hi", events[0].Delta);
        Assert.Equal("resp_1", events[1].Response!.Id);
    }

    [Fact]
    public async Task Inspection_reads_receipts_and_the_cluster()
    {
        await using StubNode node = await StubNode.StartAsync(static (context, _) => StubNode.Json(context, context.Request.Path == "/v1/astraea/cluster"
            ? """
              {"pool":"default","policy":"astraea","epoch":3,"workers":[{"worker":"w0","blocks_total":100,"blocks_free":40,"blocks_host_free":9,"running":1,"queued":2,
              "numerics_class":"cpu","costs":{"prefill_seconds_per_token":0.1,"decode_seconds_per_token":0.2,"swap_seconds_per_token":0,"migrate_seconds_per_token":0},"since_heard":"00:00:01"}],
              "requests":[{"request":"0000000000000000000001","tenant":"t","category":"math","phase":"tool_wait","segment":1,"level":2,"score":1.5,"guarded":false,"worker":null,
              "kv":{"worker":"w0","device_tokens":32,"host_tokens":0,"tip_key":"","decision":"Preserve","reason":"r"},"context_tokens":40,"output_tokens":3,"waited_seconds":0.5,"remaining_seconds":1,"reason":"x"}]}
              """
            : """
              {"id":"0000000000000000000001","phase":"completed","tenant":"t","category":"math","segment":1,"receipt":{"segments":2,"prompt_tokens":5,"cached_tokens":1,"recomputed_tokens":2,
              "sampled_tokens":3,"fed_tokens":4,"swapped_out_bytes":5,"swapped_in_bytes":6,"migrated_bytes":7,"device_seconds":0.5,"waited_seconds":1,"tool_seconds":2,"preemptions":0,"migrations":1,
              "decisions":{"preserve":1,"swap":2,"discard":3}},"events":[{"version":1,"type":"submitted"}]}
              """));
        using AstraeaClient client = node.Client();

        ClusterView cluster = await client.GetClusterAsync();
        AgentRequestReport report = await client.GetAgentRequestAsync("0000000000000000000001");

        RequestView request = Assert.Single(cluster.Requests);
        Assert.Equal((RequestPhase.ToolWait, KvDecision.Preserve, 32), (request.Phase, request.Kv!.Decision, request.Kv.DeviceTokens));
        Assert.Equal((100, 40), (cluster.Workers[0].BlocksTotal, cluster.Workers[0].BlocksFree));
        Assert.Equal(RequestPhase.Completed, report.Phase);
        Assert.Equal((3, 2, 1), (report.Receipt.Decisions.Discard, report.Receipt.RecomputedTokens, report.Receipt.Migrations));
        Assert.Equal("submitted", Assert.Single(report.Events).GetProperty("type").GetString());
    }
}
