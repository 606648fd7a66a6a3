using System.ComponentModel;
using Astraea.Client;
using Astraea.Client.ExtensionsAI;
using Microsoft.Extensions.AI;

// The service as an IChatClient of Microsoft.Extensions.AI, which runs the tools itself: ChatClient ENDPOINT KEY PROMPT
if (args is not [var endpoint, var key, var prompt])
{
    await Console.Error.WriteLineAsync("Usage: ChatClient ENDPOINT KEY PROMPT");
    return 2;
}
using AstraeaClient client = new(new Uri(endpoint), key);
using IChatClient chat = client.AsChatClient().AsBuilder().UseFunctionInvocation().Build();
ChatOptions options = new()
{
    Tools = [AIFunctionFactory.Create([Description("Adds two numbers.")] (decimal a, decimal b) => a + b, "add")],
    Temperature = 0,
    Seed = 1,
    MaxOutputTokens = 256,
};
await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(prompt, options))
    Console.Write(update.Text);
Console.WriteLine();
return 0;
