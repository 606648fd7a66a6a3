using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>OpenAI's own .NET client, unmodified, against a silo.</summary>
public sealed class OpenAiClientTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-silo-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Streams_a_forced_tool_call_posts_its_result_and_gets_the_answer()
    {
        await using SiloProcess silo = await SiloProcess.StartAsync(_folder.FullName);
        ChatClient chat = await ConnectAsync(silo);
        ChatTool tool = ChatTool.CreateFunctionTool("look_up", "Looks something up.", BinaryData.FromString(
            """{"type":"object","properties":{"query":{"type":"string"}},"required":["query"],"additionalProperties":false}"""));
        List<ChatMessage> messages = [new SystemChatMessage("Look things up before you answer."), new UserChatMessage("What is behind the door?")];

        var arguments = new StringBuilder();
        string id = "", name = "";
        int pieces = 0;
        ChatFinishReason? finish = null;
        ChatCompletionOptions forced = new() { Tools = { tool }, ToolChoice = ChatToolChoice.CreateFunctionChoice("look_up"), MaxOutputTokenCount = 32, Temperature = 0.7f };
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(messages, forced))
        {
            finish = update.FinishReason ?? finish;
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                id = string.IsNullOrEmpty(call.ToolCallId) ? id : call.ToolCallId;
                name += call.FunctionName;
                arguments.Append(call.FunctionArgumentsUpdate);
                pieces++;
            }
        }

        Assert.Equal(ChatFinishReason.ToolCalls, finish);
        Assert.Equal("look_up", name);
        Assert.StartsWith("call_", id, StringComparison.Ordinal);
        Assert.True(pieces > 1, "arguments come in pieces");
        using JsonDocument parsed = JsonDocument.Parse(arguments.ToString());
        Assert.Equal(JsonValueKind.String, parsed.RootElement.GetProperty("query").ValueKind);

        messages.Add(new AssistantChatMessage([ChatToolCall.CreateFunctionToolCall(id, name, BinaryData.FromString(arguments.ToString()))]));
        messages.Add(new ToolChatMessage(id, "A garden."));
        ChatCompletion answer = await chat.CompleteChatAsync(messages, new ChatCompletionOptions { Tools = { tool }, ToolChoice = ChatToolChoice.CreateNoneChoice(), MaxOutputTokenCount = 16 });
        Assert.Contains(answer.FinishReason, new[] { ChatFinishReason.Stop, ChatFinishReason.Length });
        Assert.Empty(answer.ToolCalls);
        Assert.InRange(answer.Usage.OutputTokenCount, 1, 16);
        // The answer continues the request of the call: its id stands in both.
        Assert.Contains(id["call_".Length..][..22], answer.Id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hears_of_a_wrong_key_and_a_wrong_model_as_its_own_exceptions()
    {
        await using SiloProcess silo = await SiloProcess.StartAsync(_folder.FullName);
        ChatClient stranger = new("any", new ApiKeyCredential("not-the-key"), Options(silo));
        Assert.Equal(401, (await Assert.ThrowsAsync<ClientResultException>(() => stranger.CompleteChatAsync([new UserChatMessage("hi")]))).Status);
        ChatClient lost = new("no-such-model", new ApiKeyCredential(SiloProcess.ApiKey), Options(silo));
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => lost.CompleteChatAsync([new UserChatMessage("hi")]))).Status);
        Assert.Equal(0, await silo.StopAsync());
    }

    private static async Task<ChatClient> ConnectAsync(SiloProcess silo)
    {
        using var client = new SiloClient(silo.Address);
        return new ChatClient(await client.ModelAsync(), new ApiKeyCredential(SiloProcess.ApiKey), Options(silo));
    }

    private static OpenAIClientOptions Options(SiloProcess silo) => new() { Endpoint = new Uri(silo.Address, "/v1") };
}
