using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Simulation.Tests;

/// <summary>One life of a worker: pulls, starts what it is leased, makes tokens, reports them, and says how it ended. Its tokens come from the context alone.</summary>
internal sealed class SimWorker
{
    private const int Slots = 3;

    private readonly World _world;
    private readonly WorkerId _id;
    private readonly SimTime _time;
    private readonly SeededGenerator _chance;
    private readonly Dictionary<SegmentAttempt, bool> _held = [];
    private TimeSpan _cutOffUntil;

    public SimWorker(World world, string name, int life)
    {
        _world = world;
        _id = new WorkerId(name);
        Process = new SimProcess($"{name}.{life}", world.Pump);
        _time = new SimTime(world.Clock, Process, TimeSpan.Zero);
        _chance = world.Seeds.Child(name, life).Generator();
        Process.Start(PullAsync);
    }

    public SimProcess Process { get; }

    public bool IsBusy => _held.Count > 0;

    /// <summary>Loses the network until then, and knows nothing of it.</summary>
    public void CutOff(TimeSpan until)
    {
        if (IsBusy)
            Marks.Hit(Marks.WorkerCutOff);
        _cutOffUntil = until;
    }

    private async Task PullAsync()
    {
        TimeSpan wait = TimeSpan.FromSeconds(1);
        long epoch = 0;
        while (true)
        {
            PullRequest pull = Picture(epoch);
            Plan plan;
            try
            {
                plan = await CallAsync($"pull of {_id}", wait * 5, node => node.Scheduler.PullAsync(pull, wait, default));
            }
            catch (AgentUnavailableException)
            {
                await PauseAsync(0.3);
                continue;
            }
            epoch = plan.Epoch;
            foreach (Revoke revoke in plan.Revokes)
            {
                Marks.Hit(Marks.Revoked);
                _held.Remove(revoke.Attempt);
            }
            foreach (Lease lease in plan.Leases)
            {
                if (_held.TryAdd(lease.Attempt, false))
                    Process.Start(() => RunAsync(lease, plan.Epoch));
            }
            await PauseAsync(0.01);
        }
    }

    private PullRequest Picture(long epoch) => new(
        _id, epoch, [.. _held.Select(h => new HeldLease(h.Key, h.Value))], BlocksTotal: 64, BlocksFree: 64 - (8 * _held.Count), BlocksHostFree: 64,
        Math.Max(0, Slots - _held.Count), ContextTokensMax: 4096, "sim", "", new CostProfile(0.001, 0.02, 0.0001, 0.0001), []);

    private async Task RunAsync(Lease lease, long epoch)
    {
        SegmentAttempt attempt = lease.Attempt;
        RequestReply? reply = await TellAsync(
            attempt, new RequestMessage.StartSegment(attempt.Segment, attempt.Attempt, _id, epoch, lease.Inputs.Level, lease.Reason));
        if (reply is RequestReply.Started started && _held.ContainsKey(attempt))
        {
            _held[attempt] = true;
            await ComputeAsync(attempt, started.Work);
        }
        _held.Remove(attempt);
    }

    private async Task ComputeAsync(SegmentAttempt attempt, SegmentWork work)
    {
        ImmutableArray<int> output = RequestScript.OutputOf(work.ContextTokens);
        if (!work.OutputTokens.SequenceEqual(output.Take(work.OutputTokens.Length)))
            _world.Pump.Fail($"{attempt}: the durable output handed to {_id} is not what this context gives.");
        if (RequestScript.Fails(attempt.Segment, work.ContextTokens))
        {
            Marks.Hit(Marks.Failed);
            await TellAsync(attempt, new RequestMessage.FailSegment(attempt.Segment, attempt.Attempt, "device_error", "drawn from the seed"));
            return;
        }
        int made = work.OutputTokens.Length;
        int reported = made;
        while (made < output.Length)
        {
            await PauseAsync(RequestScript.SecondsPerToken(work.ContextTokens));
            made++;
            if (made == output.Length || _chance.NextInt(3) == 0)
                continue;
            RequestMessage report = new RequestMessage.ReportTokens(attempt.Segment, attempt.Attempt, reported, output[reported..made]);
            RequestReply? reply = await TellAsync(attempt, report, once: true);
            if (reply is null && _held.ContainsKey(attempt))
                continue; // Whether it arrived or not: the next report begins at the same place and holds more.
            if (reply is not RequestReply.Progress { Order: WorkerOrder.Continue })
                return;
            _world.Acknowledged(attempt.Request, new Acknowledged.Tokens(attempt.Segment, attempt.Attempt, made));
            reported = made;
            if (_chance.NextInt(60) == 0)
            {
                Marks.Hit(Marks.Returned);
                await TellAsync(attempt, new RequestMessage.ReturnSegment(attempt.Segment, attempt.Attempt, "draining", Usage(work)));
                return;
            }
        }
        await EndAsync(attempt, work, output, reported);
    }

    private async Task EndAsync(SegmentAttempt attempt, SegmentWork work, ImmutableArray<int> output, int reported)
    {
        bool last = RequestScript.IsLast(attempt.Segment, work.ContextTokens);
        KvPlace kv = new(_id, work.ContextTokens.Length + output.Length - 1, 0, "", KvDecision.Preserve, "room enough");
        RequestReply? reply = await TellAsync(attempt, new RequestMessage.EndSegment(
            attempt.Segment, attempt.Attempt, reported, output[reported..], last ? FinishReason.Stop : FinishReason.ToolCalls,
            last ? [] : RequestScript.CallsOf(output), Usage(work), kv));
        if (reply is RequestReply.Done)
            _world.Acknowledged(attempt.Request, new Acknowledged.End(attempt.Segment, attempt.Attempt));
        if (last || _chance.NextInt(4) > 0)
            return;
        await PauseAsync(1);
        await TellAsync(attempt, new RequestMessage.MoveKv(kv with { DeviceTokens = 0, HostTokens = kv.DeviceTokens, Decision = KvDecision.Swap }));
    }

    private static SegmentUsage Usage(SegmentWork work) => SegmentUsage.Zero with { PromptTokens = work.ContextTokens.Length, DeviceSeconds = 0.25 };

    /// <summary>Tells the request until it answers, or once. Null when there was no answer, or the lease has been revoked meanwhile.</summary>
    private async Task<RequestReply?> TellAsync(SegmentAttempt attempt, RequestMessage message, bool once = false)
    {
        while (_held.ContainsKey(attempt))
        {
            try
            {
                return await CallAsync(
                    $"{message.GetType().Name} {_world.Name(attempt.Request)}/{attempt.Segment}#{attempt.Attempt} of {_id}", TimeSpan.FromSeconds(5),
                    node => node.Get(attempt.Request).TellAsync(message, default));
            }
            catch (AgentUnavailableException)
            {
                await PauseAsync(0.2);
                if (once)
                    return null;
            }
        }
        return null;
    }

    private async Task<T> CallAsync<T>(string what, TimeSpan patience, Func<ControlNode, Task<T>> call)
    {
        if (_world.Clock.Now < _cutOffUntil)
        {
            await PauseAsync(1);
            throw new AgentUnavailableException($"{_id} is cut off.");
        }
        return await _world.Network.CallAsync(what, patience, call);
    }

    private Task PauseAsync(double most) => Task.Delay(TimeSpan.FromMilliseconds(1 + Math.Floor(_chance.NextDouble() * most * 1000)), _time);
}
