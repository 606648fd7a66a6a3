using System.Diagnostics;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Client.Tests.Agents;

/// <summary>The example programs, as processes, against a real gateway.</summary>
public sealed class ExampleTests : IAsyncLifetime
{
    private readonly ScriptedAgents _agents = new();
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync(_agents);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("RestAgent"), InlineData("ChatClient")]
    public async Task An_example_runs_its_tool_and_prints_the_answer(string example)
    {
        string tool = "";
        _agents.Script = work =>
        {
            if (_agents.Work.Count == 1)
                return ScriptedSegment.CallTools("", ("add", """{"a":2.5,"b":3}"""));
            tool = string.Concat(work.ContextTokens.Where(t => t < LetterText.Turn).Select(t => (char)t));
            return ScriptedSegment.Say("It is ", "5.5.");
        };

        (int exit, string output, string error) = await RunAsync(example, _host.Address.ToString(), GatewayHost.AlphaKey, "What is 2.5 + 3?");

        Assert.True(exit == 0, error);
        Assert.Equal("It is 5.5.", output.Trim());
        Assert.Contains("D5.5", tool, StringComparison.Ordinal);
        Assert.Equal(2, _agents.Work.Count);
    }

    [Theory]
    [InlineData("RestAgent"), InlineData("ChatClient")]
    public async Task An_example_without_arguments_says_how_it_is_used(string example)
    {
        (int exit, _, string error) = await RunAsync(example);

        Assert.Equal(2, exit);
        Assert.StartsWith($"Usage: {example} ", error, StringComparison.Ordinal);
    }

    /// <summary>Built beside the tests: the same configuration and framework, in the example's own folder.</summary>
    private static string Program(string example)
    {
        DirectoryInfo framework = new(AppContext.BaseDirectory);
        DirectoryInfo configuration = framework.Parent!;
        DirectoryInfo root = configuration.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(root.FullName, "examples", example, "bin", configuration.Name, framework.Name, $"Astraea.Examples.{example}.dll");
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string example, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Program(example), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
