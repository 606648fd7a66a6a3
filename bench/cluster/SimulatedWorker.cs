using System.Collections.Concurrent;
using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Bench.Cluster;

/// <summary>A worker without an engine: pulls, and hands each lease to whoever plays the segment. Speaks the same contracts as a real one.</summary>
internal sealed class SimulatedWorker(string name, IClusterScheduler scheduler, int slots, Func<Lease, CancellationToken, Task> play)
{
    private readonly WorkerId _id = new(name);
    private readonly ConcurrentDictionary<SegmentAttempt, bool> _held = new();
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Leases it was given.</summary>
    public long Leases { get; private set; }

    /// <summary>Pulls it made.</summary>
    public long Pulls { get; private set; }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        long epoch = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Plan plan = await scheduler.PullAsync(Picture(epoch), TimeSpan.FromSeconds(1), stop);
                Pulls++;
                epoch = Math.Max(epoch, plan.Epoch);
                foreach (Revoke revoke in plan.Revokes)
                    _held.TryRemove(revoke.Attempt, out _);
                foreach (Lease lease in plan.Leases)
                {
                    Leases++;
                    if (_held.TryAdd(lease.Attempt, true))
                        _ = PlayAsync(lease, stop);
                }
                // A full worker asks again when something has ended, as a real one does.
                Task changed = _changed.Task;
                if (_held.Count >= slots)
                    await changed.WaitAsync(stop);
            }
            catch (AgentUnavailableException)
            {
                await Task.Delay(50, CancellationToken.None);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task PlayAsync(Lease lease, CancellationToken stop)
    {
        try
        {
            await play(lease, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The measurement is over.
        }
        finally
        {
            _held.TryRemove(lease.Attempt, out _);
            Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    private PullRequest Picture(long epoch)
    {
        ImmutableArray<HeldLease> held = [.. _held.Keys.Select(attempt => new HeldLease(attempt, Running: true))];
        return new PullRequest(
            _id, epoch, held, 1 << 20, 1 << 20, 1 << 20, Math.Max(0, slots - held.Length), 1 << 20, "simulated", "",
            new CostProfile(1e-5, 1e-4, 1e-7, 1e-6), []);
    }
}
