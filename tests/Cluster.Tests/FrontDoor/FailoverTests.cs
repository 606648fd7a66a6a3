using Astraea.Client;
using Astraea.Client.Agents;
using Astraea.Client.Orleans;
using Astraea.Gateway.Tests.Fakes;
using Orleans.TestingHost;

namespace Astraea.Cluster.Tests.FrontDoor;

/// <summary>A front door keeps nothing of its own: when its silo goes, whatever way, another one carries on.</summary>
public sealed class FailoverTests : IAsyncLifetime
{
    private const int Pieces = 12;

    private DoorCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await DoorCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_goes_on_through_another_front_door_without_gap_or_duplicate(bool killed)
    {
        SemaphoreSlim next = new(Pieces / 2);
        string[] pieces = [.. Enumerable.Range(0, Pieces).Select(i => $"piece {i}, ")];
        _cluster.Pen.Script = _ => ScriptedSegment.Say(pieces) with { BeforePiece = _ => next.WaitAsync() };
        IAgentRun run = await _cluster.Client.SubmitAsync(new AgentTask("Hello"));
        await using IAsyncEnumerator<AgentUpdate> reading = run.ReadAsync().GetAsyncEnumerator();
        List<AgentUpdate> updates = [];
        while (updates.Count < Pieces / 2 && await reading.MoveNextAsync())
            updates.Add(reading.Current);

        // There was one front door, and now there is another.
        InProcessSiloHandle first = _cluster.FirstGateway;
        await _cluster.Silos.StartAdditionalSiloAsync();
        if (killed)
            await _cluster.Silos.KillSiloAsync(first);
        else
            await _cluster.Silos.StopSiloAsync(first);
        next.Release(Pieces);
        while (await reading.MoveNextAsync())
            updates.Add(reading.Current);

        AgentUpdate.Finished end = Assert.IsType<AgentUpdate.Finished>(updates[^1]);
        Assert.Equal(Enumerable.Range(0, Pieces + 1).Select(i => (long)i), updates.Select(u => u.Position));
        Assert.Equal(pieces, updates.OfType<AgentUpdate.TextAdded>().Select(t => t.Text));
        Assert.Equal(string.Concat(pieces), end.Text);
    }

    [Fact]
    public async Task A_task_that_is_handed_in_while_its_front_door_dies_runs_once()
    {
        InProcessSiloHandle first = _cluster.FirstGateway;
        await _cluster.Silos.StartAdditionalSiloAsync();
        Task<IAgentRun>[] submits = [.. Enumerable.Range(0, 20).Select(i => _cluster.Client.SubmitAsync(new AgentTask($"Hello {i}"), $"key-{i}"))];
        await _cluster.Silos.KillSiloAsync(first);
        IAgentRun[] runs = await Task.WhenAll(submits);

        for (int i = 0; i < runs.Length; i++)
        {
            Assert.Equal(AgentOutcome.Answered, (await runs[i].FinishAsync()).Outcome);
            Assert.Equal(runs[i].ResponseId, (await _cluster.Client.SubmitAsync(new AgentTask($"Hello {i}"), $"key-{i}")).ResponseId);
            Assert.Equal(1, (await runs[i].GetReceiptAsync()).Segments);
        }
    }

    [Fact]
    public async Task Without_any_front_door_the_client_gives_up_in_its_own_words()
    {
        await _cluster.Silos.StopSiloAsync(_cluster.FirstGateway);
        OrleansAgentClient impatient = new(_cluster.DoorsOf(DoorCluster.AlphaKey, TimeSpan.FromSeconds(1)));
        AstraeaException failure = await Assert.ThrowsAsync<AstraeaException>(() => impatient.SubmitAsync(new AgentTask("Hello")));
        Assert.Null(failure.Status);
        Assert.Contains("cannot be reached", failure.Message, StringComparison.Ordinal);
    }
}
