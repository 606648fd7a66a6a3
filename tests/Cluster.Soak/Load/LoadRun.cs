using System.Collections.Concurrent;
using System.Diagnostics;

namespace Astraea.Cluster.Soak.Load;

/// <summary>Many agents at once.</summary>
internal sealed class LoadRun : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(1) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly Gateways _gateways;
    private readonly string _model;
    private readonly ulong _seed;
    private readonly ConcurrentBag<AgentOutcome> _outcomes = [];
    private readonly ConcurrentQueue<DateTimeOffset> _output = new();
    private readonly CancellationTokenSource _giveUp = new();
    private Task[] _lanes = [];
    private int _next = -1;
    private int _live;
    private int _ended;
    private volatile bool _enough;

    public LoadRun(Gateways gateways, string model, ulong seed)
    {
        _gateways = gateways;
        _model = model;
        _seed = seed;
    }

    /// <summary>Agents that have begun and not ended.</summary>
    public int Live => Volatile.Read(ref _live);

    /// <summary>Agents that have ended.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>When something new was said to anybody, in order.</summary>
    public IReadOnlyCollection<DateTimeOffset> Output => _output;

    /// <summary>Keeps so many agents alive: who ends is followed by the next.</summary>
    /// <param name="live">How many.</param>
    /// <param name="toolWaits">Tool times are multiplied by this.</param>
    public void Keep(int live, double toolWaits) => _lanes = [.. Enumerable.Range(0, live).Select(async lane =>
    {
        // Not all at once: a wall of equal first prompts is no load that anybody has.
        await Task.Delay(lane * 20);
        while (!_enough)
            await LiveAsync(AgentScript.Of(_seed, Interlocked.Increment(ref _next), toolWaits));
    })];

    /// <summary>Plays the agents of these numbers, some at a time, with tools that answer at once.</summary>
    public async Task<IReadOnlyList<AgentOutcome>> PlayAsync(IEnumerable<int> numbers, int atOnce)
    {
        ConcurrentQueue<int> left = new(numbers);
        _lanes = [.. Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (left.TryDequeue(out int number))
                await LiveAsync(AgentScript.Of(_seed, number, toolWaits: 0));
        })];
        return await FinishAsync(TimeSpan.FromMinutes(10));
    }

    /// <summary>Starts no more agents and waits for those that live.</summary>
    /// <param name="limit">Who has not ended by then has failed.</param>
    /// <returns>All, by number.</returns>
    public async Task<IReadOnlyList<AgentOutcome>> FinishAsync(TimeSpan limit)
    {
        _enough = true;
        _giveUp.CancelAfter(limit);
        await Task.WhenAll(_lanes);
        return [.. _outcomes.OrderBy(o => o.Script.Number)];
    }

    public void Dispose()
    {
        _http.Dispose();
        _giveUp.Dispose();
    }

    private async Task LiveAsync(AgentScript script)
    {
        AgentOutcome outcome = new(script);
        _outcomes.Add(outcome);
        Interlocked.Increment(ref _live);
        long began = Stopwatch.GetTimestamp();
        try
        {
            AgentLine line = new(_http, _gateways, outcome, () => _output.Enqueue(DateTimeOffset.UtcNow), _giveUp.Token);
            if (script.Manner is Manner.ChatStream or Manner.ChatWhole)
                await new ChatAgent(line, outcome, _model).PlayAsync(_giveUp.Token);
            else
                await new ResponsesAgent(line, outcome, _model).PlayAsync(_giveUp.Token);
            outcome.IsDone = true;
        }
        catch (AgentFaultException e)
        {
            outcome.Fault = e.Message;
        }
        catch (OperationCanceledException)
        {
            outcome.Fault = $"did not end; {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s old, step {outcome.Said.Count} of {script.Steps.Count}, last cut: {outcome.Cuts.LastOrDefault()?.What ?? "none"}";
        }
        finally
        {
            Interlocked.Decrement(ref _live);
            Interlocked.Increment(ref _ended);
        }
    }
}
