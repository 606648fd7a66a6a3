using System.Text.Json;
using Astraea.Client.Agents;
using Astraea.Core.Lifecycle;

namespace Astraea.Examples.RestAgent;

/// <summary>An agent with one tool of its own, over any transport: the same prompt gives the same answer wherever it runs.</summary>
internal static class AddingAgent
{
    private const string Schema = """{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}""";

    /// <summary>Runs the agent and prints its answer; what it does on the way goes to the error output.</summary>
    /// <returns>0 when it answered, else 1.</returns>
    public static async Task<int> RunAsync(IAgentClient client, string prompt, CancellationToken cancellation = default)
    {
        AgentTask task = new(prompt)
        {
            Tools = [new AgentTool("add", "Adds two numbers.", JsonDocument.Parse(Schema).RootElement)],
            Temperature = 0,
            Seed = 1,
            MaxOutputTokens = 256,
            Category = "example",
        };
        AgentUpdate.Finished end = await client.RunAsync(task, AddAsync, cancellation: cancellation);
        if (end.Error is { } error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
        Console.WriteLine(end.Text);
        return 0;
    }

    /// <summary>The tool. What is wrong with a call is told to the model, which may try again.</summary>
    private static Task<string> AddAsync(ToolCall call, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"{call.Name} {call.Arguments}");
        try
        {
            JsonElement arguments = JsonDocument.Parse(call.Arguments).RootElement;
            return Task.FromResult((arguments.GetProperty("a").GetDecimal() + arguments.GetProperty("b").GetDecimal()).ToString());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            return Task.FromResult($"Error: {e.Message}");
        }
    }
}
