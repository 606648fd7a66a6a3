using System.Collections.Immutable;
using System.Threading.Channels;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace Astraea.Worker.Engine;

/// <summary>Brings one segment's output to its agent request: one message under way, later tokens ride with the next.</summary>
internal sealed class SegmentReporter : ISegmentSink
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private readonly IAgentRequest _agent;
    private readonly SegmentAttempt _attempt;
    private readonly Action _drained;
    private readonly Action _stop;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly List<int> _tokens = [];
    private int _offset;
    private SegmentEnd? _end;
    private volatile int _unreported;

    /// <param name="agent">Who is told.</param>
    /// <param name="attempt">Which attempt.</param>
    /// <param name="offset">Output that is durable already (tokens).</param>
    /// <param name="drained">Called when tokens became durable: a paused segment may go on.</param>
    /// <param name="stop">Called when the agent wants no more: takes the segment out of the engine, which then ends this sink.</param>
    /// <param name="time">Clock of back-off.</param>
    /// <param name="log">Log.</param>
    public SegmentReporter(IAgentRequest agent, SegmentAttempt attempt, int offset, Action drained, Action stop, TimeProvider time, ILogger log)
    {
        _agent = agent;
        _attempt = attempt;
        _offset = offset;
        _drained = drained;
        _stop = stop;
        _time = time;
        _log = log;
    }

    /// <inheritdoc/>
    public int Unreported => _unreported;

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<int> tokens)
    {
        lock (_gate)
        {
            foreach (int token in tokens)
                _tokens.Add(token);
            _unreported = _tokens.Count;
        }
        _news.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public void End(SegmentEnd end)
    {
        lock (_gate)
            _end ??= end;
        _news.Writer.TryWrite(true);
    }

    /// <summary>Reports until the end is durable, or nobody wants it.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        bool wanted = true;
        while (true)
        {
            await _news.Reader.ReadAsync(cancellation);
            (ImmutableArray<int> tokens, SegmentEnd? end) = Look();
            if (end is SegmentEnd.Stopped || (end is not null && !wanted))
                return;
            if (wanted && tokens.Length > 0 && end is not SegmentEnd.Finished)
            {
                RequestReply reply = await TellAsync(new RequestMessage.ReportTokens(_attempt.Segment, _attempt.Attempt, _offset, tokens), cancellation);
                wanted = Wanted(reply);
                Reported(tokens.Length);
                if (!wanted)
                    _stop();
            }
            if (end is null)
                continue;
            if (wanted)
                Wanted(await TellAsync(EndMessage(end, tokens), cancellation));
            return;
        }
    }

    private (ImmutableArray<int> Tokens, SegmentEnd? End) Look()
    {
        lock (_gate)
            return ([.. _tokens], _end);
    }

    private void Reported(int count)
    {
        lock (_gate)
        {
            _tokens.RemoveRange(0, count);
            _offset += count;
            _unreported = _tokens.Count;
        }
        _drained();
    }

    private RequestMessage EndMessage(SegmentEnd end, ImmutableArray<int> tokens) => end switch
    {
        SegmentEnd.Finished done => new RequestMessage.EndSegment(
            _attempt.Segment, _attempt.Attempt, _offset, tokens, done.Finish, done.Calls, done.Usage, done.Kv),
        SegmentEnd.Returned back => new RequestMessage.ReturnSegment(_attempt.Segment, _attempt.Attempt, back.Reason, back.Usage),
        SegmentEnd.Failed failed => new RequestMessage.FailSegment(_attempt.Segment, _attempt.Attempt, failed.Code, failed.Message),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private bool Wanted(RequestReply reply)
    {
        if (reply is RequestReply.Refused refused)
        {
            WorkerLog.ReportRefused(_log, _attempt, refused.Code, refused.Message);
            return false;
        }
        return reply is not RequestReply.Progress { Order: WorkerOrder.Stop };
    }

    private async Task<RequestReply> TellAsync(RequestMessage message, CancellationToken cancellation)
    {
        for (TimeSpan wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                return await _agent.TellAsync(message, cancellation);
            }
            catch (AgentUnavailableException e)
            {
                // Every message is idempotent: the same one again, until it is durable. The engine pauses when too much waits.
                WorkerLog.ReportWaits(_log, _attempt, wait.TotalMilliseconds, e);
                await Task.Delay(wait, _time, cancellation);
            }
        }
    }
}
