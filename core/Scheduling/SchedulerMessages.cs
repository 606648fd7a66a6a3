using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Something told to, or asked of, the scheduler of a pool.</summary>
public abstract record SchedulerMessage
{
    private SchedulerMessage() { }

    /// <summary>A picture of an agent request; older versions than the known one are ignored.</summary>
    public sealed record Tell(RequestStatus Status) : SchedulerMessage;

    /// <summary>A worker asks for work and says what it holds.</summary>
    public sealed record Pull(PullRequest Request) : SchedulerMessage;

    /// <summary>Someone wants to see queues and workers.</summary>
    public sealed record Look : SchedulerMessage;

    /// <summary>Time passes: workers not heard of lose their leases.</summary>
    public sealed record Sweep : SchedulerMessage;
}

/// <summary>What the asker hears.</summary>
public abstract record SchedulerReply
{
    private SchedulerReply() { }

    /// <summary>The picture is taken in.</summary>
    public sealed record Heard : SchedulerReply;

    /// <summary>What the worker shall do.</summary>
    public sealed record Planned(Plan Plan) : SchedulerReply;

    /// <summary>Queues and workers as they stand.</summary>
    public sealed record Seen(ClusterView View) : SchedulerReply;
}

/// <summary>What a worker says of itself whenever it asks for work. Everything is absolute, so a lost pull does no harm.</summary>
/// <param name="Worker">Who asks.</param>
/// <param name="Epoch">Scheduler epoch the worker last heard; 0 at first.</param>
/// <param name="Held">Leases it holds, running or queued inside.</param>
/// <param name="BlocksTotal">Blocks of its device pool (blocks).</param>
/// <param name="BlocksFree">Free or evictable blocks (blocks).</param>
/// <param name="BlocksHostFree">Free blocks of its host tier (blocks).</param>
/// <param name="Slots">Sequences it can still take into its batch (sequences).</param>
/// <param name="ContextTokensMax">Longest context it can hold (tokens).</param>
/// <param name="NumericsClass">Its numerics class, printed.</param>
/// <param name="DataPlane">Address other workers send KV to.</param>
/// <param name="Costs">What steps cost it, as measured.</param>
/// <param name="Residence">Places of KV that changed since the last answered pull.</param>
public sealed record PullRequest(
    WorkerId Worker,
    long Epoch,
    ImmutableArray<HeldLease> Held,
    int BlocksTotal,
    int BlocksFree,
    int BlocksHostFree,
    int Slots,
    int ContextTokensMax,
    string NumericsClass,
    string DataPlane,
    CostProfile Costs,
    ImmutableArray<KvResidence> Residence);

/// <summary>A lease in a worker's hands.</summary>
/// <param name="Attempt">Which.</param>
/// <param name="Running">In the batch, or still waiting inside the worker.</param>
public sealed record HeldLease(SegmentAttempt Attempt, bool Running);

/// <summary>Where a request's KV is now on the worker that says so.</summary>
public sealed record KvResidence(RequestId Request, KvPlace Place);

/// <summary>Linear costs of a worker's engine, measured at start and learned while serving.</summary>
/// <param name="PrefillSecondsPerToken">Marginal cost of an input token in a batch (s).</param>
/// <param name="DecodeSecondsPerToken">Marginal cost of an output token at the operating batch (s).</param>
/// <param name="SwapSecondsPerToken">Copying one token's KV to or from the host tier (s).</param>
/// <param name="MigrateSecondsPerToken">Moving one token's KV to another worker (s).</param>
public sealed record CostProfile(
    double PrefillSecondsPerToken, double DecodeSecondsPerToken, double SwapSecondsPerToken, double MigrateSecondsPerToken);

/// <summary>The scheduler's answer to a pull. Every line carries its reason.</summary>
/// <param name="Epoch">Epoch of this scheduler.</param>
/// <param name="Leases">Segments the worker may start, best first.</param>
/// <param name="Revokes">Leases it holds that are void.</param>
/// <param name="Migrations">Idle KV it shall send elsewhere.</param>
public sealed record Plan(long Epoch, ImmutableArray<Lease> Leases, ImmutableArray<Revoke> Revokes, ImmutableArray<Migration> Migrations)
{
    /// <summary>Whether there is nothing to do.</summary>
    [JsonIgnore]
    public bool IsEmpty => Leases.IsEmpty && Revokes.IsEmpty && Migrations.IsEmpty;
}

/// <summary>An offer: the worker may ask the request to start this attempt.</summary>
public sealed record Lease(SegmentAttempt Attempt, RankInputs Inputs, string Reason);

/// <summary>A lease taken back.</summary>
public sealed record Revoke(SegmentAttempt Attempt, string Reason);

/// <summary>An order to move idle KV to another worker.</summary>
/// <param name="Request">Whose KV.</param>
/// <param name="Tenant">Owner.</param>
/// <param name="Place">Where it is, as the scheduler believes; void when it has moved on.</param>
/// <param name="Target">Who shall have it.</param>
/// <param name="TargetAddress">The target's data plane.</param>
/// <param name="NumericsClass">Both ends must be of this class.</param>
/// <param name="Ticket">Signed by control; empty until the shell has signed it.</param>
/// <param name="Reason">Why it pays.</param>
public sealed record Migration(
    RequestId Request, TenantId Tenant, KvPlace Place, WorkerId Target, string TargetAddress, string NumericsClass, string Ticket, string Reason);

/// <summary>Queues and workers of a pool as they stand, for people.</summary>
public sealed record ClusterView(
    PoolId Pool, string Policy, long Epoch, ImmutableArray<WorkerView> Workers, ImmutableArray<RequestView> Requests);

/// <summary>A worker as the scheduler knows it.</summary>
public sealed record WorkerView(
    WorkerId Worker, int BlocksTotal, int BlocksFree, int BlocksHostFree, int Running, int Queued, string NumericsClass, CostProfile Costs, TimeSpan SinceHeard);

/// <summary>A live request as the scheduler knows it.</summary>
public sealed record RequestView(
    RequestId Request, TenantId Tenant, string Category, RequestPhase Phase, int Segment, int Level, double Score, bool Guarded,
    WorkerId? Worker, KvPlace? Kv, int ContextTokens, int OutputTokens, double WaitedSeconds, double RemainingSeconds, string Reason);
