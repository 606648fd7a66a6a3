using System.Diagnostics;
using Astraea.Cli.Cluster;

namespace Astraea.Cluster.Tests.Examples;

/// <summary>The example programs as processes of their own, against a cluster of processes over PostgreSQL, with the bundled model.</summary>
public sealed class ExampleTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("astraea-examples-").FullName;
    private TemporaryPostgres _postgres = null!;
    private LocalCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _postgres = await TemporaryPostgres.StartAsync(CancellationToken.None);
        ClusterPlan plan = LocalCluster.NewPlan(
            Path.Combine(AppContext.BaseDirectory, "astraea-silo.dll"), _folder, _postgres.Server.ConnectionString(), new Dictionary<string, string> { ["Worker:Threads"] = "1" });
        _cluster = await LocalCluster.StartAsync(plan, MemberPlan.Of(silos: 2, controls: 1), null, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("What is 2 + 3?")]
    [InlineData("Add 17 and 25, please.")]
    public async Task An_agent_over_rest_and_one_outside_the_cluster_over_orleans_print_the_same(string prompt)
    {
        (int restExit, string rest, string restError) = await RunAsync("RestAgent", _cluster.Gateways[0].ToString(), _cluster.Plan.ApiKey, prompt);
        (int orleansExit, string orleans, string orleansError) =
            await RunAsync("OrleansAgent", _cluster.Plan.Postgres, _cluster.Plan.Id, _cluster.Plan.ApiKey, prompt);

        Assert.True(restExit == 0, restError);
        Assert.True(orleansExit == 0, orleansError);
        Assert.NotEmpty(rest.Trim());
        Assert.Equal(rest, orleans);
        // What goes to the error output are the calls they ran.
        Assert.Equal(restError, orleansError);
    }

    [Fact]
    public async Task An_agent_with_a_wrong_key_is_told_so()
    {
        (int exit, _, string error) = await RunAsync("OrleansAgent", _cluster.Plan.Postgres, _cluster.Plan.Id, "sk-of-nobody", "Hello");
        Assert.Equal(1, exit);
        Assert.Contains("API key", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_it_says_how_it_is_used()
    {
        (int exit, _, string error) = await RunAsync("OrleansAgent");
        Assert.Equal(2, exit);
        Assert.StartsWith("Usage: OrleansAgent ", error, StringComparison.Ordinal);
    }

    /// <summary>Built beside the tests: the same configuration and framework, in the example's own folder.</summary>
    private static string ProgramOf(string example)
    {
        DirectoryInfo framework = new(AppContext.BaseDirectory);
        DirectoryInfo configuration = framework.Parent!;
        DirectoryInfo root = configuration.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(root.FullName, "examples", example, "bin", configuration.Name, framework.Name, $"Astraea.Examples.{example}.dll");
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string example, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [ProgramOf(example), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
