using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using RequestMachine = Astraea.Core.Machines.IMachine<
    Astraea.Core.Lifecycle.AgentRequestState, Astraea.Core.Lifecycle.RequestMessage, Astraea.Core.Lifecycle.RequestEvent,
    Astraea.Core.Lifecycle.RequestReply, Astraea.Core.Lifecycle.RequestEffect>;

namespace Astraea.Grains.Activations;

/// <summary>What all agent requests of a process share: their machine, their store, and the way to their schedulers.</summary>
public sealed class RequestActivator
{
    private readonly RequestMachine _machine;
    private readonly RequestEffectRunner _effects;
    private readonly RequestEventCodec _codec = new();

    /// <summary>Puts the parts together.</summary>
    /// <param name="store">Where histories live.</param>
    /// <param name="machine">The machine of every request.</param>
    /// <param name="schedulers">The scheduler of a pool; null when nobody here knows it.</param>
    /// <param name="options">Times and bounds.</param>
    /// <param name="environment">Clock, writer ids and log.</param>
    public RequestActivator(
        IHistoryStore store, RequestMachine machine, Func<PoolId, IClusterScheduler?> schedulers, ShellOptions options, DriverEnvironment environment)
    {
        Store = store;
        _machine = machine;
        _effects = new RequestEffectRunner(schedulers, environment);
        Options = options;
        Environment = environment;
    }

    /// <summary>Where histories live.</summary>
    public IHistoryStore Store { get; }

    /// <summary>Times and bounds.</summary>
    public ShellOptions Options { get; }

    /// <summary>Clock, writer ids and log.</summary>
    public DriverEnvironment Environment { get; }

    /// <summary>A request in memory, at rest: its history is read when it is first needed.</summary>
    public RequestActivation Activate(RequestId id)
    {
        StoredEventLog<AgentRequestState, RequestEvent> log = new(id.ToString(), Store, _codec, Row);
        return new RequestActivation(id, _machine, log, _effects, Options, Environment);
    }

    /// <summary>A page of a history that has ended, straight from the store; null when it is live or was never submitted.</summary>
    /// <exception cref="AgentUnavailableException">The store cannot say.</exception>
    public async Task<HistoryPage?> TryReadEndedAsync(RequestId id, long after, int max, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        try
        {
            return await StoredHistory.TryReadEndedAsync(Store, _codec, id.ToString(), after, max, cancellation);
        }
        catch (Exception fault) when (fault is HistoryUnavailableException or FormatException)
        {
            throw Unreadable(id, fault);
        }
    }

    internal static AgentUnavailableException Unreadable(RequestId id, Exception fault) => new($"The history of {id} cannot be read.", fault);

    private static LiveRow? Row(AgentRequestState state) => state.HasEnded
        ? null
        : new LiveRow(
            state.Id.ToString(), state.Pool, state.Tenant, state.Version, state.Phase, state.AttainedSeconds, state.Waited,
            state.Phase == RequestPhase.Ready ? state.PhaseSince : null, state.NextDue, RequestStatusCodec.Encode(state.ToStatus()));
}
