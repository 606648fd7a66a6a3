using System.Diagnostics.CodeAnalysis;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using RequestMachine = Astraea.Core.Machines.IMachine<
    Astraea.Core.Lifecycle.AgentRequestState, Astraea.Core.Lifecycle.RequestMessage, Astraea.Core.Lifecycle.RequestEvent,
    Astraea.Core.Lifecycle.RequestReply, Astraea.Core.Lifecycle.RequestEffect>;

namespace Astraea.Grains.Activations;

/// <summary>One agent request in memory: its driver, its tail, and when a client was last there.</summary>
public sealed class RequestActivation
{
    private readonly MachineDriver<AgentRequestState, RequestMessage, RequestEvent, RequestReply, RequestEffect> _driver;
    private readonly RequestTail _tail;
    private readonly TimeProvider _time;
    private long _clientSeen;
    private long _used;
    private readonly RequestId _id;
    private int _readers;

    internal RequestActivation(
        RequestId id, RequestMachine machine, IEventLog<AgentRequestState, RequestEvent> log,
        IEffectRunner<AgentRequestState, RequestMessage, RequestReply, RequestEffect> effects, ShellOptions options, DriverEnvironment environment)
    {
        _id = id;
        _time = environment.Time;
        _tail = new RequestTail(log, options.TailEvents, _time);
        _driver = new(id.ToString(), machine, log, effects, _tail, environment);
        // After a restart clients get the full time to come back.
        _clientSeen = _used = _time.GetTimestamp();
    }

    /// <summary>Owner of the request; null while its history has not been read, or has not begun.</summary>
    public TenantId? Tenant => _tail.Tenant;

    /// <summary>Sends a message to the machine; false when the driver has been stopped, and a new activation must be made.</summary>
    public bool TryPost(RequestMessage message, CancellationToken cancellation, [NotNullWhen(true)] out Task<RequestReply>? reply)
    {
        Volatile.Write(ref _used, _time.GetTimestamp());
        if (message is RequestMessage.Submit or RequestMessage.PostToolResults)
            Volatile.Write(ref _clientSeen, _time.GetTimestamp());
        return _driver.TryPost(message, cancellation, out reply);
    }

    /// <summary>The scheduler has forgotten everything: it is told again.</summary>
    public void TellAgain()
    {
        if (!_tail.IsDormant)
            _driver.RunFinishedAgain();
    }

    /// <summary>Reads the history, so that what is owed is under way. False when the driver has been stopped.</summary>
    public bool TryLoad(CancellationToken cancellation, [NotNullWhen(true)] out Task? loaded) => _driver.TryLoad(cancellation, out loaded);

    /// <summary>Reads behind a cursor; null when the driver has been stopped, and a new activation must be made.</summary>
    /// <exception cref="AgentUnavailableException">The store cannot say.</exception>
    public async Task<HistoryPage?> TryReadAsync(long after, int max, TimeSpan wait, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        Interlocked.Increment(ref _readers);
        try
        {
            if (!_driver.TryLoad(cancellation, out Task? loaded))
                return null;
            await loaded;
            return await _tail.ReadAsync(after, max, wait, cancellation);
        }
        catch (Exception fault) when (fault is HistoryUnavailableException or FormatException)
        {
            throw RequestActivator.Unreadable(_id, fault);
        }
        finally
        {
            Volatile.Write(ref _clientSeen, _time.GetTimestamp());
            Volatile.Write(ref _used, _time.GetTimestamp());
            Interlocked.Decrement(ref _readers);
        }
    }

    /// <summary>Tells the machine for how long nobody has read, if nobody reads now. The machine decides what that means.</summary>
    public Task CheckAttendanceAsync(CancellationToken cancellation)
    {
        TimeSpan unread = _time.GetElapsedTime(Volatile.Read(ref _clientSeen));
        // A glance between two reads is not worth a turn.
        if (Volatile.Read(ref _readers) > 0 || _tail.IsDormant || unread < TimeSpan.FromSeconds(5))
            return Task.CompletedTask;
        return _driver.TryPost(new RequestMessage.CheckAttendance(unread), cancellation, out Task<RequestReply>? reply) ? reply : Task.CompletedTask;
    }

    /// <summary>Stops the driver if nothing is going on and nothing has for long. Live requests stay: their scheduler and timers need them.</summary>
    public bool TryPassivate(TimeSpan after) =>
        _tail.IsDormant && Volatile.Read(ref _readers) == 0 && _time.GetElapsedTime(Volatile.Read(ref _used)) >= after && _driver.TryStopAtRest();

    /// <summary>Stops the driver; done when a turn under way has ended.</summary>
    public Task StopAsync() => _driver.StopAsync();
}
