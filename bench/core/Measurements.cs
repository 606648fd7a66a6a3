using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Bench.Core;

/// <summary>What is measured by a timed loop.</summary>
internal static class Measurements
{
    /// <summary>A plan of <paramref name="leases"/> from <paramref name="ready"/> ready segments; what was leased ends and as many come.</summary>
    public static void Plan(string policy, int ready, int workers, int leases, double homedShare, int rounds)
    {
        Pool pool = new(policy, new SchedulerOptions { QueueShare = 0 });
        pool.Join(workers);
        for (int i = 0; i < ready; i++)
            pool.Ready(workers, 60, homedShare);
        Plan last = pool.Pull(Pool.Idle(0, leases));
        Timing.Print($"plan {policy}, {ready} ready, {workers} workers, {last.Leases.Length} leases", 20, rounds, () => last = pool.Pull(Pool.Idle(0, leases)), () =>
        {
            foreach (Lease lease in last.Leases)
            {
                pool.End(lease.Attempt);
                pool.Ready(workers, 1, homedShare);
            }
            pool.Pass(0.02);
            Elsewhere(pool, workers);
        });
    }

    /// <summary>A worker with leases held and few segments ready: what a simulated run does a million times.</summary>
    public static void SmallPull(string policy, int held, int ready, int workers, int idle, int rounds)
    {
        Pool pool = new(policy);
        pool.Join(workers);
        for (int w = 1; w < workers; w++)
        {
            HeldLease[] theirs = [.. Enumerable.Range(0, held).Select(_ => pool.Running(w))];
            pool.Pull(Pool.Idle(w, 0, 0, [.. theirs]));
        }
        HeldLease[] mine = [.. Enumerable.Range(0, held).Select(_ => pool.Running(0))];
        for (int i = 0; i < idle * workers; i++)
            pool.Idle(workers);
        for (int i = 0; i < ready * workers; i++)
            pool.Ready(workers, 2);
        // Slots but no memory: all ready ones are ranked, none is given.
        PullRequest full = Pool.Idle(0, 32, 0, [.. mine]);
        string what = $"{policy}, {workers} workers of {held} held, {ready} ready, {idle} idle each";
        Timing.Print("pull without room, " + what, rounds / 4, rounds, () => pool.Pull(full), () => pool.Pass(1e-4));
        PullRequest none = Pool.Idle(0, 0, 0, [.. mine]);
        Timing.Print("pull of a full worker, " + what, rounds / 4, rounds, () => pool.Pull(none), () => pool.Pass(1e-4));
    }

    /// <summary>A picture of a request that is known already.</summary>
    public static void Tell(string policy, int ready, int rounds)
    {
        Pool pool = new(policy);
        pool.Join(4);
        RequestStatus[] pictures = [.. Enumerable.Range(0, ready).Select(_ => pool.Ready(4, 60))];
        int next = 0;
        var message = new SchedulerMessage.Tell(pictures[0]);
        Timing.Print($"tell {policy}, {ready} ready", rounds / 4, rounds, () => pool.Send(message), () =>
        {
            next = (next + 1) % pictures.Length;
            pictures[next] = pictures[next] with { Version = pictures[next].Version + 1 };
            message = new SchedulerMessage.Tell(pictures[next]);
        });
    }

    /// <summary>Bytes of scheduler state for each live request: a third ready, a third leased, a third idle.</summary>
    public static void Memory(int live)
    {
        Pool pool = new("astraea", new SchedulerOptions { QueueShare = 0 });
        const int workers = 8;
        pool.Join(workers);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < live / 3; i++)
        {
            pool.Idle(workers);
            pool.Ready(workers, 60);
            pool.Running(i % workers);
            if (i % 1000 == 0)
                pool.Forget();
        }
        pool.Forget();
        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"memory: {pool.State.LiveRequests} live ({pool.State.ReadyRequests} ready): {bytes / 1e6:0} MB, {bytes / (double)pool.State.LiveRequests:0} B each");
        GC.KeepAlive(pool);
    }

    private static void Elsewhere(Pool pool, int workers)
    {
        for (int w = 1; w < workers; w++)
            pool.Pull(Pool.Idle(w, 0, 0));
    }
}
