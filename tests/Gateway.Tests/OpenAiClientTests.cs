#pragma warning disable OPENAI001 // The Responses client is marked as experimental in this version of the package.
using System.ClientModel;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Tests.Fakes;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Astraea.Gateway.Tests;

/// <summary>The unmodified official .NET client against the gateway.</summary>
public sealed class OpenAiClientTests : IAsyncLifetime
{
    private GatewayHost _host = null!;
    private ChatClient _chat = null!;
    private ResponsesClient _responses = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync();
        ApiKeyCredential key = new(GatewayHost.AlphaKey);
        OpenAIClientOptions options = new() { Endpoint = new Uri(_host.Address, "v1") };
        _chat = new ChatClient("letters", key, options);
        _responses = new ResponsesClient(key, new ResponsesClientOptions { Endpoint = options.Endpoint });
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Streamed_chat_with_a_forced_call_and_its_result_is_one_agent_request()
    {
        _host.Agents.Script = _ => _host.Agents.Work.Count == 1 ? ScriptedSegment.CallTools("", ("look", """{"at":"x"}""")) : ScriptedSegment.Say("It", " is x.");
        ChatTool look = ChatTool.CreateFunctionTool("look", "Looks.", BinaryData.FromString("""{"type":"object","properties":{"at":{"type":"string"}}}"""));
        ChatCompletionOptions options = new() { Tools = { look }, ToolChoice = ChatToolChoice.CreateFunctionChoice("look"), MaxOutputTokenCount = 64, Seed = 7 };
        List<ChatMessage> messages = [new SystemChatMessage("Be brief."), new UserChatMessage("What is there?")];

        string callId = "", name = "", arguments = "";
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in _chat.CompleteChatStreamingAsync(messages, options))
        {
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                callId += call.ToolCallId;
                name += call.FunctionName;
                arguments += call.FunctionArgumentsUpdate?.ToString();
            }
            finish ??= update.FinishReason;
            usage ??= update.Usage;
        }
        Assert.Equal(("look", """{"at":"x"}""", ChatFinishReason.ToolCalls), (name, arguments, finish));
        Assert.Equal(_host.Agents.Work.First().ContextTokens.Length, usage!.InputTokenCount);
        Assert.Equal((ToolMode.Named, "look"), (_host.Agents.Work.First().Spec.ToolMode, _host.Agents.Work.First().Spec.ToolName));

        messages.Add(new AssistantChatMessage([ChatToolCall.CreateFunctionToolCall(callId, name, BinaryData.FromString(arguments))]));
        messages.Add(new ToolChatMessage(callId, "x"));
        OpenAI.Chat.ChatCompletion answer = await _chat.CompleteChatAsync(messages, new ChatCompletionOptions { Tools = { look } });

        Assert.Equal("It is x.", answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.IsType<RequestMessage.PostToolResults>(_host.Agents.Heard.Last().Message);
        Assert.Equal(answer.Usage.InputTokenCount / 2, answer.Usage.InputTokenDetails.CachedTokenCount);
    }

    [Fact]
    public async Task A_response_is_created_gone_on_from_and_fetched()
    {
        ResponseResult first = await _responses.CreateResponseAsync("letters", "Hi");
        ResponseResult second = await _responses.CreateResponseAsync("letters", "More", first.Id);
        ResponseResult fetched = await _responses.GetResponseAsync(second.Id);

        Assert.Equal("Hello there", first.GetOutputText());
        Assert.Equal(ResponseStatus.Completed, second.Status);
        Assert.Equal(first.Id, fetched.PreviousResponseId);
        Assert.Equal("Hello there", fetched.GetOutputText());
    }

    [Fact]
    public async Task A_streamed_response_with_a_call_is_understood_event_by_event()
    {
        _host.Agents.Script = _ => ScriptedSegment.CallTools("Wait", ("look", "{}"));
        CreateResponseOptions options = new("letters", [ResponseItem.CreateUserMessageItem("Hi")])
        {
            Tools = { ResponseTool.CreateFunctionTool("look", BinaryData.FromString("""{"type":"object"}"""), strictModeEnabled: false) },
            StreamingEnabled = true,
        };

        List<StreamingResponseUpdate> updates = [];
        await using AsyncStreamingResult<StreamingResponseUpdate> stream = await _responses.CreateResponseStreamingAsync(options);
        await foreach (StreamingResponseUpdate update in stream)
            updates.Add(update);

        Assert.Equal("Wait", string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(u => u.Delta)));
        Assert.Equal("{}", updates.OfType<StreamingResponseFunctionCallArgumentsDoneUpdate>().Single().FunctionArguments.ToString());
        ResponseResult completed = Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response;
        FunctionCallResponseItem call = Assert.IsType<FunctionCallResponseItem>(completed.OutputItems[1]);
        Assert.Equal("look", call.FunctionName);
        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(u => u.SequenceNumber));
    }

    [Fact]
    public async Task Errors_are_understood()
    {
        ChatClient other = new("absent", new ApiKeyCredential(GatewayHost.AlphaKey), new OpenAIClientOptions { Endpoint = new Uri(_host.Address, "v1") });

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => other.CompleteChatAsync("Hi"));

        Assert.Equal(404, error.Status);
        Assert.Contains("model_not_found", error.Message, StringComparison.Ordinal);
    }
}
