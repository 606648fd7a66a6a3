using Astraea.Client.Agents;
using Astraea.Client.ExtensionsAI;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;
using Microsoft.Extensions.AI;

namespace Astraea.Client.Tests.Agents;

/// <summary>The chat client of Microsoft.Extensions.AI over a real gateway, plain and inside its function-invoking client.</summary>
public sealed class AgentChatClientTests : IAsyncLifetime
{
    private readonly ScriptedAgents _agents = new();
    private GatewayHost _host = null!;
    private AstraeaClient _client = null!;
    private IChatClient _chat = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync(_agents);
        _client = Connect(_host);
        _chat = _client.AsChatClient();
    }

    public async Task DisposeAsync()
    {
        _chat.Dispose();
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_carries_text_usage_finish_and_the_name_of_its_conversation()
    {
        ChatResponse answer = await _chat.GetResponseAsync("Hi", new ChatOptions { Instructions = "Be kind.", Temperature = 0.5f, Seed = 9, MaxOutputTokens = 40, TopP = 0.5f });

        Assert.Equal("Hello there", answer.Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal((11L, answer.Usage!.InputTokenCount + 11), (answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount));
        Assert.StartsWith("resp_", answer.ConversationId, StringComparison.Ordinal);
        SegmentSpec spec = _agents.Work.Single().Spec;
        Assert.Equal((0.5, 0.5, 9ul, 40), (spec.Sampling.Temperature, spec.Sampling.TopP, spec.Sampling.Seed, spec.MaxOutputTokens));
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task Functions_are_invoked_in_one_agent_request_streamed_or_whole(bool streamed)
    {
        _agents.Script = _ => _agents.Work.Count == 1
            ? ScriptedSegment.CallTools("I add.", ("add", """{"a":2,"b":3}"""), ("add", """{"a":4,"b":5}"""))
            : ScriptedSegment.Say("5 and 9");
        using IChatClient invoking = new FunctionInvokingChatClient(_chat);
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create((int a, int b) => a + b, "add")] };

        ChatResponse answer = streamed
            ? await invoking.GetStreamingResponseAsync("Add.", options).ToChatResponseAsync()
            : await invoking.GetResponseAsync("Add.", options);

        Assert.Equal("5 and 9", answer.Messages[^1].Text);
        Assert.Equal(["5", "9"], answer.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Select(r => r.Result!.ToString()));
        Assert.Single(_agents.Heard.Select(h => h.Id).Distinct());
        Assert.IsType<RequestMessage.PostToolResults>(_agents.Heard.Last().Message);
    }

    [Fact]
    public async Task A_caller_who_keeps_the_conversation_itself_stays_in_the_same_request()
    {
        _agents.Script = _ => _agents.Work.Count == 1 ? ScriptedSegment.CallTools("", ("add", """{"a":2}""")) : ScriptedSegment.Say("2");
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create((int a) => a, "add")] };
        List<ChatMessage> talk = [new(ChatRole.User, "Add.")];

        ChatResponse asked = await _chat.GetResponseAsync(talk, options);
        talk.AddMessages(asked);
        FunctionCallContent call = asked.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().Single();
        talk.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, 2)]));
        ChatResponse answer = await _chat.GetResponseAsync(talk, options);

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        Assert.Equal("2", answer.Text);
        Assert.Single(_agents.Heard.Select(h => h.Id).Distinct());
    }

    [Fact]
    public async Task A_conversation_goes_on_by_its_id_with_words_or_with_results_and_words()
    {
        _agents.Script = _ => _agents.Work.Count switch
        {
            1 => ScriptedSegment.Say("first"),
            2 => ScriptedSegment.CallTools("", ("add", "{}")),
            _ => ScriptedSegment.Say("third"),
        };
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create(() => 0, "add")], ToolMode = ChatToolMode.Auto };
        ChatResponse first = await _chat.GetResponseAsync("One.", options);
        options.ConversationId = first.ConversationId;
        ChatResponse second = await _chat.GetResponseAsync("Two.", options);
        FunctionCallContent call = second.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().Single();
        options.ConversationId = second.ConversationId;

        ChatResponse third = await _chat.GetResponseAsync(
            [new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "zero")]), new(ChatRole.User, "Hurry.")], options);

        Assert.Equal("third", third.Text);
        string context = string.Concat(_agents.Work.Last().ContextTokens.Where(t => t < LetterText.Turn).Select(t => (char)t));
        Assert.All(["One.", "first", "Two.", "zero", "Hurry."], part => Assert.Contains(part, context, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("none", ToolMode.None), InlineData("any", ToolMode.Required), InlineData("add", ToolMode.Named), InlineData("auto", ToolMode.Auto)]
    public async Task The_tool_mode_is_passed_on(string mode, ToolMode expected)
    {
        ChatOptions options = new()
        {
            Tools = [AIFunctionFactory.Create(() => 0, "add")],
            ToolMode = mode switch { "none" => ChatToolMode.None, "any" => ChatToolMode.RequireAny, "auto" => ChatToolMode.Auto, _ => ChatToolMode.RequireSpecific(mode) },
        };

        await _chat.GetResponseAsync("Hi", options);

        Assert.Equal(expected, _agents.Work.Single().Spec.ToolMode);
    }

    [Fact]
    public async Task Leaving_a_stream_cancels_its_request()
    {
        _agents.Script = _ => ScriptedSegment.Say("one", "two") with { BeforePiece = piece => piece == 0 ? Task.CompletedTask : new TaskCompletionSource().Task };

        await foreach (ChatResponseUpdate update in _chat.GetStreamingResponseAsync("Hi"))
        {
            Assert.Equal("one", update.Text);
            break;
        }

        Assert.Equal("cancelled by its client", await _agents.Cancelled.Task);
    }

    [Fact]
    public async Task A_request_that_fails_is_an_exception_with_its_code()
    {
        _agents.Script = _ => ScriptedSegment.Say("half") with { Failure = ("device_error", "The device broke.") };

        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => _chat.GetResponseAsync("Hi"));

        Assert.Equal(("device_error", "The device broke."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task What_is_no_text_is_refused_before_anything_is_sent()
    {
        ChatMessage picture = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);

        await Assert.ThrowsAsync<NotSupportedException>(() => _chat.GetResponseAsync([picture]));

        Assert.Empty(_agents.Heard);
    }

    [Fact]
    public void Services_behind_it_can_be_had()
    {
        Assert.Same(_client, _chat.GetService<IAgentClient>());
        Assert.Equal("astraea", _chat.GetService<ChatClientMetadata>()!.ProviderName);
    }

    private static AstraeaClient Connect(GatewayHost host) => new(host.Address, GatewayHost.AlphaKey);
}
