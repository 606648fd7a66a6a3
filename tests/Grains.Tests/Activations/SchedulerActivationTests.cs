using Astraea.Contracts.Transfer;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Grains.Activations;
using Astraea.Grains.Driver;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Grains.Tests.Activations;

public sealed class SchedulerActivationTests
{
    private static readonly PoolId s_pool = new("p");
    private static readonly WorkerId s_worker = new("w0");

    private readonly FakeTimeProvider _time = new();
    private readonly SchedulerActivation _scheduler;

    public SchedulerActivationTests() => _scheduler = new(
        s_pool, new SchedulerMachine(SchedulingPolicies.Create("program-fcfs")), new TicketSigner(new byte[32]), new ShellOptions(),
        new DriverEnvironment(_time, Guid.NewGuid, NullLogger.Instance));

    [Fact]
    public async Task A_pull_gets_what_is_ready()
    {
        await _scheduler.TellAsync(Ready(1), default);
        Plan plan = await _scheduler.PullAsync(Pull(), TimeSpan.FromSeconds(10), default);
        Assert.Equal(new SegmentAttempt(new RequestId(1), 0, 1), Assert.Single(plan.Leases).Attempt);
    }

    [Fact]
    public async Task A_parked_pull_wakes_when_a_segment_becomes_ready()
    {
        Task<Plan> parked = _scheduler.PullAsync(Pull(), TimeSpan.FromHours(1), default);
        await _scheduler.ViewAsync(default);
        Assert.False(parked.IsCompleted);
        await _scheduler.TellAsync(Ready(1), default);
        Assert.Single((await parked).Leases);
    }

    [Fact]
    public async Task A_pull_that_finds_nothing_ends_empty_when_its_time_is_over()
    {
        Task<Plan> parked = _scheduler.PullAsync(Pull(), TimeSpan.FromSeconds(9), default);
        while (!parked.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.True((await parked).IsEmpty);
        Assert.Equal(s_worker, Assert.Single((await _scheduler.ViewAsync(default)).Workers).Worker);
    }

    [Fact]
    public async Task A_newer_pull_of_the_same_worker_takes_the_place_of_a_parked_one()
    {
        Task<Plan> first = _scheduler.PullAsync(Pull(), TimeSpan.FromHours(1), default);
        Task<Plan> second = _scheduler.PullAsync(Pull(), TimeSpan.FromHours(1), default);
        await _scheduler.ViewAsync(default);
        await _scheduler.TellAsync(Ready(1), default);
        Assert.Single((await second).Leases);
        Assert.True((await first).IsEmpty);
    }

    [Fact]
    public async Task A_parked_pull_can_be_given_up()
    {
        using CancellationTokenSource cancellation = new();
        Task<Plan> parked = _scheduler.PullAsync(Pull(), TimeSpan.FromHours(1), cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => parked);
    }

    private RequestStatus Ready(ulong id)
    {
        Instant now = Instant.From(_time.GetUtcNow());
        return new RequestStatus(
            new RequestId(id), 1, s_pool, new TenantId("t"), "", RequestPhase.Ready, now, now, 0, 0, null, 10, 0, 0, 5, TimeSpan.Zero, 0, -1, null, null, []);
    }

    private static PullRequest Pull() => new(
        s_worker, 0, [], BlocksTotal: 64, BlocksFree: 64, BlocksHostFree: 64, Slots: 4, ContextTokensMax: 1024, "class", "http://127.0.0.1:1",
        new CostProfile(0.001, 0.01, 0.0001, 0.0001), []);
}
