using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Determinism;
using Astraea.Core.Lifecycle;

namespace Astraea.Simulation.Tests;

/// <summary>A client with one request: submits until it is accepted, reads behind its cursor, answers tool calls, and at times changes its mind or vanishes.</summary>
internal sealed class SimClient
{
    private readonly World _world;
    private readonly RequestScript _script;
    private readonly SimTime _time;
    private readonly SeededGenerator _chance;
    private readonly SimProcess _process;
    private ImmutableArray<int> _context;
    private ImmutableArray<int> _output = [];
    private int _exchanges = 1;
    private ControlNode? _lastNode;

    public SimClient(World world, RequestScript script)
    {
        _world = world;
        _script = script;
        _context = script.Prompt;
        _process = new SimProcess($"client{script.Index}", world.Pump);
        _time = new SimTime(world.Clock, _process, TimeSpan.Zero);
        _chance = world.Seeds.Child("client", script.Index).Generator();
        _process.Start(LiveAsync);
        if (script.CancelAfter is { } after)
            _process.Start(() => CancelAsync(after));
        if (script.VanishAfter is { } gone)
            world.After(gone, _process.Crash);
    }

    public RequestScript Script => _script;

    /// <summary>What this client was shown, in order.</summary>
    public List<RecordedEvent> Seen { get; } = [];

    public bool HasVanished => !_process.Alive;

    /// <summary>Whether it has read its request to the end.</summary>
    public bool IsDone => Seen.Count > 0 && Seen[^1].Event.IsTerminal();

    private async Task LiveAsync()
    {
        await PauseAsync(6);
        RequestReply reply = await UntilAnsweredAsync("submit", node => node.Get(_script.Id).SubmitAsync(Submit(), default));
        Note(reply, 0, _script.KeyOf(0));
        while (!IsDone)
        {
            await ReadAsync();
            if (Seen.Count > 0 && Seen[^1].Event is not RequestEvent.SegmentEnded && !HasPendingCalls())
                continue;
            if (HasPendingCalls())
                await AnswerAsync();
        }
    }

    private RequestMessage.Submit Submit() => new(
        World.Tenant, World.Pool, "sim", null, null, _script.KeyOf(0), "body-0", "[]", _script.Prompt, _script.Spec);

    private async Task ReadAsync()
    {
        long cursor = Seen.Count;
        HistoryPage page;
        try
        {
            page = await _world.Network.CallAsync($"read {_script.Index} after {cursor}", TimeSpan.FromSeconds(8), async node =>
            {
                HistoryPage read = await node.Get(_script.Id).ReadAsync(cursor, 1 + _chance.NextInt(12), TimeSpan.FromSeconds(4), default);
                if (_lastNode is not null && _lastNode != node && cursor > 0 && read.Events.Length > 0)
                    Marks.Hit(Marks.ReaderResumed);
                _lastNode = node;
                return read;
            });
        }
        catch (AgentUnavailableException)
        {
            await PauseAsync(0.3);
            return;
        }
        foreach (RecordedEvent read in page.Events)
        {
            if (read.Version != Seen.Count + 1)
                _world.Pump.Fail($"I2: client {_script.Index} was shown version {read.Version} behind {Seen.Count}.");
            Seen.Add(read);
            if (read.Event is RequestEvent.TokensGenerated tokens)
                _output = _output.AddRange(tokens.Tokens);
        }
        if (page.Version < Seen.Count)
            _world.Pump.Fail($"I1: client {_script.Index} has seen {Seen.Count} events and the request now says it has {page.Version}.");
        if (page.Events.IsEmpty)
            await PauseAsync(0.05);
    }

    private bool HasPendingCalls()
    {
        int ended = Seen.FindLastIndex(e => e.Event is RequestEvent.SegmentEnded { Finish: FinishReason.ToolCalls });
        return ended >= 0 && !Seen.Skip(ended).Any(e => e.Event is RequestEvent.ToolResultsPosted || e.Event.IsTerminal());
    }

    private async Task AnswerAsync()
    {
        var ended = (RequestEvent.SegmentEnded)Seen.FindLast(e => e.Event is RequestEvent.SegmentEnded)!.Event;
        await Task.Delay(_script.ToolTime, _time);
        int ordinal = _exchanges;
        ImmutableArray<int> next = RequestScript.NextContext(_context, _output);
        string? key = _script.Keyed ? _script.KeyOf(ordinal) : null;
        RequestMessage.PostToolResults results = new(
            [.. ended.Calls.Select(c => c.Id).Reverse()], key, $"body-{ordinal}", "[]", next, _script.Spec);
        RequestReply reply = await UntilAnsweredAsync("results", node => node.Get(_script.Id).PostToolResultsAsync(results, default));
        if (reply is RequestReply.Refused { Code: RefusalCode.Ended })
        {
            await ReadAsync();
            return;
        }
        Note(reply, ordinal, key);
        (_context, _output) = (next, []);
        _exchanges++;
        // Read on until the history shows what was accepted, so that the same calls are not answered again.
        while (HasPendingCalls())
            await ReadAsync();
    }

    private async Task CancelAsync(TimeSpan after)
    {
        await Task.Delay(after, _time);
        RequestReply reply;
        do
        {
            reply = await UntilAnsweredAsync("cancel", node => node.Get(_script.Id).CancelAsync(new RequestMessage.Cancel("changed my mind"), default));
            await PauseAsync(0.5);
        }
        while (reply is RequestReply.Refused { Code: RefusalCode.NotFound });
        _world.Acknowledged(_script.Id, new Acknowledged.Ended());
    }

    private void Note(RequestReply reply, int ordinal, string? key)
    {
        if (reply is RequestReply.Accepted accepted && accepted.Exchange == ordinal)
            _world.Acknowledged(_script.Id, new Acknowledged.Exchange(ordinal, key));
        else
            _world.Pump.Fail($"I3: client {_script.Index} posted exchange {ordinal} and heard {reply}.");
    }

    private async Task<RequestReply> UntilAnsweredAsync(string what, Func<ControlNode, Task<RequestReply>> call)
    {
        while (true)
        {
            try
            {
                return await _world.Network.CallAsync($"{what} {_script.Index}", TimeSpan.FromSeconds(4), call);
            }
            catch (AgentUnavailableException)
            {
                await PauseAsync(0.5);
            }
        }
    }

    private Task PauseAsync(double most) => Task.Delay(TimeSpan.FromMilliseconds(1 + Math.Floor(_chance.NextDouble() * most * 1000)), _time);
}
