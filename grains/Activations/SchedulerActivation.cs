using System.Collections.Concurrent;
using System.Security.Cryptography;
using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Activations;

/// <summary>The scheduler of one pool in memory: its machine on the common driver, with pulls parked until something changes.</summary>
public sealed class SchedulerActivation : IClusterScheduler
{
    // A parked worker is there, but the scheduler only knows of pulls: it hears one at least this often.
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(4);

    private readonly MachineDriver<SchedulerState, SchedulerMessage, SchedulerEvent, SchedulerReply, SchedulerEffect> _driver;
    private readonly ConcurrentDictionary<WorkerId, long> _newestPull = new();
    private readonly Bell _bell;
    private readonly TicketSigner _signer;
    private readonly ShellOptions _options;
    private readonly TimeProvider _time;
    private long _pulls;

    /// <summary>Makes the scheduler of a pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="machine">Decides.</param>
    /// <param name="signer">Signs migration tickets with the cluster's secret.</param>
    /// <param name="options">Times and bounds.</param>
    /// <param name="environment">Clock and log.</param>
    public SchedulerActivation(PoolId pool, SchedulerMachine machine, TicketSigner signer, ShellOptions options, DriverEnvironment environment)
    {
        _signer = signer;
        _options = options;
        _time = environment.Time;
        _bell = new Bell(_time);
        _driver = new(
            pool.Value, machine, new VolatileEventLog<SchedulerState, SchedulerEvent>(), new SchedulerEffectRunner(environment),
            new BellRinger(_bell, () => Forgot?.Invoke()), environment);
    }

    /// <summary>Raised when a fault has cost the scheduler its memory; whoever holds live requests tells them again.</summary>
    public event Action? Forgot;

    /// <summary>Takes in all that is live, as a store remembers it: what a scheduler that has just begun does first.</summary>
    public async Task RecoverAsync(IEnumerable<RequestStatus> live, CancellationToken cancellation)
    {
        // In parts, because a driver lets only so many messages wait.
        foreach (RequestStatus[] part in live.Chunk(1024))
            await Task.WhenAll(part.Select(status => TellAsync(status, cancellation)));
    }

    /// <inheritdoc/>
    public Task TellAsync(RequestStatus status, CancellationToken cancellation) => _driver.PostAsync(new SchedulerMessage.Tell(status), cancellation);

    /// <inheritdoc/>
    public async Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation)
    {
        long started = _time.GetTimestamp();
        long mine = Interlocked.Increment(ref _pulls);
        _newestPull[request.Worker] = mine;
        while (true)
        {
            long heard = _bell.Rings;
            Plan plan = await AskAsync(request, cancellation);
            TimeSpan left = wait - _time.GetElapsedTime(started);
            if (!plan.IsEmpty || left <= TimeSpan.Zero)
                return Sign(plan);
            await _bell.WaitAsync(heard, left < s_heartbeat ? left : s_heartbeat, cancellation);
            // The worker has asked again since: what this pull says of it is old and must not be repeated.
            if (_newestPull[request.Worker] != mine)
                return plan;
        }
    }

    /// <inheritdoc/>
    public async Task<ClusterView> ViewAsync(CancellationToken cancellation) =>
        ((SchedulerReply.Seen)await _driver.PostAsync(new SchedulerMessage.Look(), cancellation)).View;

    /// <summary>Lets the scheduler notice that time has passed. The shell calls it every few seconds.</summary>
    public Task SweepAsync(CancellationToken cancellation) => _driver.PostAsync(new SchedulerMessage.Sweep(), cancellation);

    /// <summary>Stops the driver.</summary>
    public Task StopAsync() => _driver.StopAsync();

    private async Task<Plan> AskAsync(PullRequest request, CancellationToken cancellation) =>
        ((SchedulerReply.Planned)await _driver.PostAsync(new SchedulerMessage.Pull(request), cancellation)).Plan;

    private Plan Sign(Plan plan) => plan.Migrations.IsEmpty ? plan : plan with { Migrations = [.. plan.Migrations.Select(Sign)] };

    private Migration Sign(Migration migration)
    {
        Instant expires = Instant.From(_time.GetUtcNow()) + _options.TicketLife;
        MigrationTicket ticket = new(
            migration.Request, migration.Tenant, migration.Place.Worker, migration.Target, migration.Place.TipKey, migration.NumericsClass, expires,
            RandomNumberGenerator.GetHexString(32, lowercase: true));
        return migration with { Ticket = _signer.Sign(ticket) };
    }

    /// <summary>Wakes parked pulls when the machine says that another answer is possible.</summary>
    private sealed class BellRinger(Bell bell, Action forgot) : ICommitObserver<SchedulerState, SchedulerEvent>
    {
        private long _revision;
        private bool _loaded;

        public void Loaded(SchedulerState state, long version)
        {
            if (_loaded)
                forgot();
            _loaded = true;
            Look(state);
        }

        public void Committed(SchedulerState state, long version, IReadOnlyList<SchedulerEvent> events) => Look(state);

        private void Look(SchedulerState state)
        {
            if (state.Revision == _revision)
                return;
            _revision = state.Revision;
            bell.Ring();
        }
    }
}

/// <summary>Runs what the scheduler owes: being woken for a decision that time alone changes.</summary>
internal sealed class SchedulerEffectRunner(DriverEnvironment environment)
    : IEffectRunner<SchedulerState, SchedulerMessage, SchedulerReply, SchedulerEffect>
{
    public async Task RunAsync(
        SchedulerState state, SchedulerEffect effect, Func<SchedulerMessage, CancellationToken, Task<SchedulerReply>> post, CancellationToken cancellation)
    {
        TimeSpan left = ((SchedulerEffect.WakeAt)effect).At - Instant.From(environment.Time.GetUtcNow());
        if (left > TimeSpan.Zero)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), environment.Time, cancellation);
        await post(new SchedulerMessage.Sweep(), cancellation);
    }
}
