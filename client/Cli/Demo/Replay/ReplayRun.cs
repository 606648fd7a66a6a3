using System.Collections.Immutable;
using System.Diagnostics;
using Astraea.Cli.Demo.Plan;
using Astraea.Client;
using Astraea.Client.Wire;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Cli.Demo.Replay;

/// <summary>Plays a plan against a fresh node, or a fresh cluster.</summary>
internal static class ReplayRun
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Starts a node, warms it up, plays the plan, reads the receipts, ends the node.</summary>
    /// <param name="starter">Starts it.</param>
    /// <param name="options">The node.</param>
    /// <param name="plan">What is played.</param>
    /// <param name="oneByOne">Each request alone, after the one before has ended, instead of at its arrival.</param>
    /// <param name="limit">What has not completed by then has failed.</param>
    /// <param name="title">What the board says is going on.</param>
    /// <param name="board">Shows it.</param>
    /// <param name="cancellation">Stops everything.</param>
    public static async Task<ImmutableArray<RequestOutcome>> PlayAsync(
        ReplayTargetStarter starter, NodeOptions options, ReplayPlan plan, bool oneByOne, TimeSpan limit, string title, IBoard board, CancellationToken cancellation)
    {
        await using IReplayTarget node = await starter(options, cancellation);
        using ClientSet clients = new(node.Endpoints, node.ApiKey);
        AstraeaClient client = clients.Of(0);
        string model = (await client.GetModelsAsync(cancellation)).Data[0].Id;
        await WarmUpAsync(client, model, options.Workers, cancellation);

        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ended.CancelAfter(limit);
        int completed = 0;
        long start = Stopwatch.GetTimestamp();
        board.Begin(title, plan.Requests.Length);
        using CancellationTokenSource looking = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task look = LookAsync(client, board, () => Volatile.Read(ref completed), looking.Token);
        try
        {
            var outcomes = ImmutableArray.CreateBuilder<RequestOutcome>(plan.Requests.Length);
            if (oneByOne)
            {
                foreach (PlannedRequest planned in plan.Requests)
                    outcomes.Add(await PlayOneAsync(planned));
            }
            else
            {
                outcomes.AddRange(await Task.WhenAll(plan.Requests.Select(PlayOneAsync)));
            }
            if (!node.IsRunning)
                throw new DemoException($"The node ended in the middle of the replay.{node.LastLines()}");
            return await ReadReceiptsAsync(client, outcomes.ToImmutable(), cancellation);
        }
        finally
        {
            await looking.CancelAsync();
            await look;
            board.End();
        }

        async Task<RequestOutcome> PlayOneAsync(PlannedRequest planned)
        {
            try
            {
                ReplayAgent agent = new(clients.Of(planned.Index), model, plan, start);
                RequestOutcome outcome = await agent.PlayAsync(planned, ended.Token);
                Interlocked.Increment(ref completed);
                return outcome;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return new RequestOutcome(planned, null, [], "", $"not completed within {limit.TotalSeconds:0} s");
            }
        }
    }

    /// <summary>A few requests of a category of their own, so that the first measured one does not pay for the runtime's compilation.</summary>
    private static async Task WarmUpAsync(AstraeaClient client, string model, int workers, CancellationToken cancellation)
    {
        ImmutableArray<PlannedSegment> segments = [new(600, 120, "warm", TimeSpan.Zero), new(40, 120, "warm", TimeSpan.Zero), new(40, 60, null, TimeSpan.Zero)];
        for (int round = 0; round < 2; round++)
        {
            ReplayPlan plan = new(ulong.MaxValue - (ulong)round, [.. Enumerable.Range(0, 2 * workers).Select(i => new PlannedRequest(i, "", "warm-up", TimeSpan.Zero, segments))]);
            ReplayAgent agent = new(client, model, plan, Stopwatch.GetTimestamp());
            RequestOutcome[] outcomes = await Task.WhenAll(plan.Requests.Select(r => agent.PlayAsync(r, cancellation)));
            if (outcomes.FirstOrDefault(static o => !o.IsCompleted) is { } failed)
                throw new DemoException($"A first request to the node failed: {failed.Error}");
        }
    }

    private static async Task LookAsync(AstraeaClient client, IBoard board, Func<int> completed, CancellationToken cancellation)
    {
        try
        {
            using PeriodicTimer timer = new(LookEvery);
            while (await timer.WaitForNextTickAsync(cancellation))
                board.Show(await client.GetClusterAsync(cancellation), completed());
        }
        catch (OperationCanceledException)
        {
            // The replay is over.
        }
        catch (AstraeaException e)
        {
            board.Complain($"The cluster cannot be looked at any more: {e.Message}");
        }
    }

    // After the replay, so that reading histories disturbs nothing that is measured.
    private static async Task<ImmutableArray<RequestOutcome>> ReadReceiptsAsync(
        AstraeaClient client, ImmutableArray<RequestOutcome> outcomes, CancellationToken cancellation)
    {
        var read = ImmutableArray.CreateBuilder<RequestOutcome>(outcomes.Length);
        foreach (RequestOutcome outcome in outcomes)
        {
            if (outcome.AgentRequest is null)
            {
                read.Add(outcome);
                continue;
            }
            AgentRequestReport report = await client.GetAgentRequestAsync(outcome.AgentRequest, cancellation);
            bool ended = report.Phase == RequestPhase.Completed;
            read.Add(outcome with
            {
                Receipt = report.Receipt,
                Error = outcome.Error ?? (ended ? null : $"the node says {report.Phase}"),
            });
        }
        return read.MoveToImmutable();
    }
}

/// <summary>One client for each address; agents are dealt out among them.</summary>
internal sealed class ClientSet(IReadOnlyList<Uri> endpoints, string apiKey) : IDisposable
{
    private readonly ImmutableArray<AstraeaClient> _clients = [.. endpoints.Select(e => new AstraeaClient(e, apiKey))];

    public AstraeaClient Of(int agent) => _clients[agent % _clients.Length];

    public void Dispose()
    {
        foreach (AstraeaClient client in _clients)
            client.Dispose();
    }
}

/// <summary>Shows a replay while it goes on.</summary>
internal interface IBoard
{
    /// <summary>A replay begins.</summary>
    void Begin(string title, int requests);

    /// <summary>The cluster as it stands.</summary>
    void Show(ClusterView view, int completed);

    /// <summary>Something is wrong, but the replay goes on.</summary>
    void Complain(string what);

    /// <summary>The replay is over.</summary>
    void End();
}
