using System.Collections.Concurrent;
using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Tests.Fakes;

/// <summary>What the scripted worker does with a segment: pieces of output, then an end. A gate holds it back before each piece.</summary>
internal sealed record ScriptedSegment(ImmutableArray<ImmutableArray<int>> Pieces, FinishReason Finish, ImmutableArray<ParsedCall> Calls, int FedTokens = 0)
{
    public Func<int, Task>? BeforePiece { get; init; }

    public (string Code, string Message)? Failure { get; init; }

    public static ScriptedSegment Say(params string[] pieces) =>
        new([.. pieces.Select(LetterText.Letters)], FinishReason.Stop, []);

    public static ScriptedSegment Cut(string text) => new([LetterText.Letters(text)], FinishReason.Length, []);

    public static ScriptedSegment CallTools(string text, params (string Name, string Arguments)[] calls) => new(
        [LetterText.Letters(text), .. calls.Select(c => LetterText.Call(c.Name, c.Arguments))], FinishReason.ToolCalls,
        [.. calls.Select(c => new ParsedCall(c.Name, c.Arguments))]);
}

/// <summary>Agent requests in memory: the real machine, one lock, and a worker that follows a script.</summary>
internal sealed class ScriptedAgents : IAgentRequests
{
    private readonly ConcurrentDictionary<RequestId, Agent> _agents = new();
    private int _outages;
    private volatile Task? _silence;

    /// <summary>What is generated for each segment.</summary>
    public Func<SegmentWork, ScriptedSegment> Script { get; set; } = _ => ScriptedSegment.Say("Hello", " there");

    /// <summary>Segments the worker was given, in order.</summary>
    public ConcurrentQueue<SegmentWork> Work { get; } = new();

    /// <summary>Messages of clients, in order.</summary>
    public ConcurrentQueue<(RequestId Id, RequestMessage Message)> Heard { get; } = new();

    /// <summary>Completes with the reason of the first cancel.</summary>
    public TaskCompletionSource<string> Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The next calls find the request unavailable. Reads that wait come back with what there is, so that none sits the outage out.</summary>
    public void BreakNext(int calls)
    {
        _outages = calls;
        WakeReaders();
    }

    /// <summary>Readers hear nothing, not even an error, until the task completes; then the request is unavailable to them once.</summary>
    public void SilenceUntil(Task over)
    {
        _silence = over;
        WakeReaders();
    }

    private void WakeReaders()
    {
        foreach (Agent agent in _agents.Values)
            agent.Wake();
    }

    public IAgentRequest Get(RequestId id) => _agents.GetOrAdd(id, key => new Agent(this, key));

    public IReadOnlyList<RecordedEvent> History(RequestId id) => ((Agent)Get(id)).Events;

    /// <summary>Completes once such an event has happened to the request.</summary>
    public async Task UntilAsync<T>(RequestId id) where T : RequestEvent
    {
        for (long after = 0; ;)
        {
            HistoryPage page = await Get(id).ReadAsync(after, int.MaxValue, TimeSpan.FromMinutes(1), default);
            if (page.Events.Any(e => e.Event is T))
                return;
            after = page.Version;
        }
    }

    /// <summary>Completes once the request's worker has nothing more to do.</summary>
    public Task IdleAsync(RequestId id) => ((Agent)Get(id)).Worker;

    private sealed class Agent(ScriptedAgents owner, RequestId id) : IAgentRequest
    {
        private readonly AgentRequestMachine _machine = new();
        private readonly AgentRequestState _state = new AgentRequestMachine().Initial(id.ToString());
        private readonly Lock _lock = new();
        private ImmutableList<RecordedEvent> _events = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<RecordedEvent> Events => _events;

        public Task Worker { get; private set; } = Task.CompletedTask;

        public Task<RequestReply> SubmitAsync(RequestMessage.Submit message, CancellationToken cancellation) => ClientAsync(message);

        public Task<RequestReply> PostToolResultsAsync(RequestMessage.PostToolResults message, CancellationToken cancellation) => ClientAsync(message);

        public async Task<RequestReply> CancelAsync(RequestMessage.Cancel message, CancellationToken cancellation)
        {
            RequestReply reply = await ClientAsync(message);
            owner.Cancelled.TrySetResult(message.Reason);
            return reply;
        }

        public Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation) => Task.FromResult(Handle(message));

        public async Task<HistoryPage> ReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation)
        {
            ThrowInOutage();
            if (Interlocked.Exchange(ref owner._silence, null) is { } over)
            {
                await over;
                throw new AgentUnavailableException("lost");
            }
            Task changed;
            lock (_lock)
            {
                if (_events.Count > after || wait == TimeSpan.Zero)
                    return Page(after, max);
                changed = _changed.Task;
            }
            await Task.WhenAny(changed, Task.Delay(wait, cancellation));
            cancellation.ThrowIfCancellationRequested();
            lock (_lock)
                return Page(after, max);
        }

        public void Wake()
        {
            lock (_lock)
                Changed();
        }

        private Task<RequestReply> ClientAsync(RequestMessage message)
        {
            ThrowInOutage();
            owner.Heard.Enqueue((id, message));
            RequestReply reply = Handle(message);
            if (reply is RequestReply.Accepted { Joined: false })
                Worker = Task.Run(RunSegmentAsync);
            return Task.FromResult(reply);
        }

        private async Task RunSegmentAsync()
        {
            int segment = _state.Segment;
            int attempt = _state.Attempt + 1;
            WorkerId worker = new("w0");
            if (Handle(new RequestMessage.StartSegment(segment, attempt, worker, 1, 0, "scripted")) is not RequestReply.Started started)
                return;
            owner.Work.Enqueue(started.Work);
            ScriptedSegment script = owner.Script(started.Work);
            int offset = 0;
            for (int i = 0; i < script.Pieces.Length; i++)
            {
                if (script.BeforePiece is { } gate)
                    await gate(i);
                if (Handle(new RequestMessage.ReportTokens(segment, attempt, offset, script.Pieces[i])) is RequestReply.Progress { Order: WorkerOrder.Stop })
                    return;
                offset += script.Pieces[i].Length;
            }
            if (script.Failure is { } failure)
            {
                Handle(new RequestMessage.FailSegment(segment, attempt, failure.Code, failure.Message));
                return;
            }
            int prompt = started.Work.ContextTokens.Length;
            SegmentUsage usage = SegmentUsage.Zero with
            {
                PromptTokens = prompt, CachedTokens = prompt / 2, SampledTokens = offset - script.FedTokens, FedTokens = script.FedTokens,
            };
            Handle(new RequestMessage.EndSegment(segment, attempt, offset, [], script.Finish, script.Calls, usage, null));
        }

        private RequestReply Handle(RequestMessage message)
        {
            lock (_lock)
            {
                Instant now = new(Instant.From(DateTimeOffset.UnixEpoch.AddDays(10_000)).Ticks + _events.Count * TimeSpan.TicksPerSecond);
                var decision = _machine.Handle(_state, message, now);
                foreach (RequestEvent happened in decision.Events)
                {
                    _machine.Apply(_state, happened);
                    _events = _events.Add(new RecordedEvent(_events.Count + 1, happened));
                }
                if (!decision.Events.IsEmpty)
                    Changed();
                return decision.Reply;
            }
        }

        private void Changed()
        {
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        private HistoryPage Page(long after, int max) => new([.. _events.Skip((int)after).Take(max)], _state.Phase, _events.Count);

        private void ThrowInOutage()
        {
            if (Interlocked.Decrement(ref owner._outages) >= 0)
                throw new AgentUnavailableException("out");
        }
    }
}
