using System.Text.Json.Nodes;
using Astraea.Silo.Storage;
using Xunit.Abstractions;

namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>The promise of the whole path: a killed silo, started again, goes on as if nothing had been.</summary>
public sealed class KillAndRestartTests(ITestOutputHelper print) : IDisposable
{
    private const int InTool = 8;
    private const int Running = 20;
    private const int InFlightMin = 20;

    // Less KV memory than the requests need together, so that the kill meets preempted and swapped requests as well.
    private static readonly string[] _settings = ["Astraea:Worker:Count=2", "Astraea:Worker:DeviceBlocks=256", "Astraea:Worker:HostBlocks=512"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-silo-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Requests_in_flight_survive_kill_and_end_once_with_the_same_output()
    {
        IReadOnlyList<string>[] undisturbed = await RunUndisturbedAsync();
        Assert.Equal(InTool + Running, undisturbed.Select(said => said[0]).Distinct().Count());
        string data = _folder.CreateSubdirectory("killed").FullName;
        TestAgent[] agents;
        IReadOnlyList<string>[] disturbed;
        await using (SiloProcess first = await SiloProcess.StartAsync(data, _settings))
        {
            var address = new SiloAddress(first.Address);
            agents = Agents(address.Restarted);
            string model = await ModelAsync(first);
            Task<IReadOnlyList<string>>[] lives = [.. agents.Select(agent => agent.RunAsync(model, address))];
            Task<IReadOnlyList<string>[]> all = Task.WhenAll(lives);
            await UntilInFlightAsync(first, agents, InTool, lives, InFlightMin);
            int inFlight = lives.Count(life => !life.IsCompleted);
            Assert.True(inFlight >= InFlightMin, $"{inFlight} requests are in flight");
            await first.KillAsync();
            await using SiloProcess second = await SiloProcess.StartAsync(data, _settings);
            address.MoveTo(second.Address);
            disturbed = await OrOutputAsync(all, second);
            int interrupted = await AssertOnceAsync(second, agents);
            Assert.True(interrupted > 0, "the kill met running segments");
            print.WriteLine($"{inFlight} requests in flight at the kill, {agents.Sum(agent => agent.Replays)} open calls broke, {interrupted} running segments were taken up again");
            Assert.Equal(0, await second.StopAsync());
        }
        Assert.Equal(undisturbed, disturbed);
        Assert.True(agents.Sum(agent => agent.Replays) >= 10, "the kill met open calls");
        using SqliteHistoryStore store = SqliteHistoryStore.Open(new SqliteHistoryOptions { Path = HistoryFile(data) });
        Assert.Empty(await store.ReadLiveAsync(null, CancellationToken.None));
    }

    [Fact]
    public async Task A_silo_that_is_asked_to_stop_ends_in_order_and_its_requests_go_on_in_the_next()
    {
        const int few = 4;
        await using SiloProcess first = await SiloProcess.StartAsync(_folder.FullName, _settings);
        var address = new SiloAddress(first.Address);
        TestAgent[] agents = Agents(address.Restarted, few, few);
        string model = await ModelAsync(first);
        Task<IReadOnlyList<string>>[] lives = [.. agents.Select(agent => agent.RunAsync(model, address))];
        await UntilInFlightAsync(first, agents, few, lives, few + 1);
        int exit = await first.StopAsync();
        Assert.True(exit == 0, $"exit code {exit}:\n{first.Output}");
        await using SiloProcess second = await SiloProcess.StartAsync(_folder.FullName, _settings);
        address.MoveTo(second.Address);
        await OrOutputAsync(Task.WhenAll(lives), second);
        await AssertOnceAsync(second, agents);
    }

    private static TestAgent[] Agents(Task restarted, int inTool = InTool, int running = Running) =>
    [
        .. Enumerable.Range(0, inTool).Select(i => new TestAgent(i, Streams: i % 2 == 0, CallTokens: 24, restarted)),
        .. Enumerable.Range(inTool, running).Select(i => new TestAgent(i, Streams: i % 2 == 0, CallTokens: 400, Task.CompletedTask)),
    ];

    private async Task<IReadOnlyList<string>[]> RunUndisturbedAsync()
    {
        await using SiloProcess silo = await SiloProcess.StartAsync(_folder.CreateSubdirectory("undisturbed").FullName, _settings);
        string model = await ModelAsync(silo);
        var address = new SiloAddress(silo.Address);
        return await OrOutputAsync(Task.WhenAll(Agents(Task.CompletedTask).Select(agent => agent.RunAsync(model, address))), silo);
    }

    /// <summary>The first agents wait for their tools, others stream, and the scheduler knows at least <paramref name="least"/> that have not ended.</summary>
    private static async Task UntilInFlightAsync(SiloProcess silo, TestAgent[] agents, int inTool, Task[] lives, int least)
    {
        Task there = Task.WhenAll([
            .. agents.Take(inTool).Select(agent => agent.InTool),
            .. agents.Skip(inTool).Where(agent => agent.Streams).Take(2).Select(agent => agent.SawTokens)]);
        Task failed = Task.WhenAny(lives.Take(inTool));
        Assert.True(await Task.WhenAny(there, failed) == there, silo.Output);
        using var client = new SiloClient(silo.Address);
        while (await client.LiveRequestsAsync() < least)
            Assert.True(lives.Count(life => !life.IsCompleted) >= least, "too many agents ended before the kill");
    }

    /// <summary>Each request was submitted once, ended once, and its output has neither a gap nor anything twice.</summary>
    /// <returns>How many requests were running a segment when the silo was killed.</returns>
    private static async Task<int> AssertOnceAsync(SiloProcess silo, TestAgent[] agents)
    {
        using var client = new SiloClient(silo.Address);
        Assert.Equal(agents.Length, agents.Select(agent => agent.Request).Distinct().Count());
        int interrupted = 0;
        foreach (TestAgent agent in agents)
        {
            JsonNode[] events = await client.EventsAsync(agent.Request!);
            int Count(string type) => events.Count(e => (string?)e["type"] == type);
            Assert.Equal((1, 2, 3, 1), (Count("submitted"), Count("tool_results_posted"), Count("segment_ended"), Count("completed")));
            Assert.Equal("completed", (string?)events[^1]["type"]);
            Assert.Equal(Enumerable.Range(1, events.Length), events.Select(e => (int)e["version"]!));
            foreach (IGrouping<int, JsonNode> segment in events.Where(e => (string?)e["type"] == "tokens_generated").GroupBy(e => (int)e["segment"]!))
            {
                int next = 0;
                foreach (JsonNode tokens in segment)
                {
                    Assert.Equal(next, (int)tokens["offset"]!);
                    next += (int)tokens["tokens"]!;
                }
            }
            interrupted += Count("segment_started") > 3 ? 1 : 0;
        }
        return interrupted;
    }

    private static async Task<string> ModelAsync(SiloProcess silo)
    {
        using var client = new SiloClient(silo.Address);
        return await client.ModelAsync();
    }

    private static string HistoryFile(string data) => Directory.GetFiles(data, "*.db", SearchOption.AllDirectories).Single();

    private static async Task<T> OrOutputAsync<T>(Task<T> work, SiloProcess silo)
    {
        try
        {
            return await work;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.Message}\nThe silo printed:\n{silo.Output}", e);
        }
    }
}
