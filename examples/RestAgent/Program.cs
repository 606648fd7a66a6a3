using Astraea.Client;
using Astraea.Examples.RestAgent;

// An agent over HTTP: RestAgent ENDPOINT[,ENDPOINT...] KEY PROMPT
if (args is not [var endpoints, var key, var prompt])
{
    await Console.Error.WriteLineAsync("Usage: RestAgent ENDPOINT[,ENDPOINT...] KEY PROMPT");
    return 2;
}
using AstraeaClient client = new(new AstraeaClientOptions
{
    // With several gateways of a cluster the agent survives the loss of any of them.
    Endpoints = [.. endpoints.Split(',').Select(static e => new Uri(e))],
    ApiKey = key,
});
return await AddingAgent.RunAsync(client, prompt);
