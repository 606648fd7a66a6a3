using Astraea.Client;
using Astraea.Client.Agents;
using Astraea.Client.Orleans;
using Astraea.Examples.RestAgent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// The agent of RestAgent as an Orleans client of a cluster: OrleansAgent CONNECTION CLUSTER KEY PROMPT
if (args is not [var postgres, var cluster, var key, var prompt])
{
    await Console.Error.WriteLineAsync("Usage: OrleansAgent CONNECTION CLUSTER KEY PROMPT");
    return 2;
}
HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
// The cluster's silos are found in its database; any of its gateways, and after its loss any other, is the front door.
builder.AddAstraeaClient(new OrleansClientOptions { ClusterId = cluster, Postgres = postgres, ApiKey = key });
using IHost host = builder.Build();
try
{
    await host.StartAsync();
    int exit = await AddingAgent.RunAsync(host.Services.GetRequiredService<IAgentClient>(), prompt);
    await host.StopAsync();
    return exit;
}
catch (AstraeaException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
