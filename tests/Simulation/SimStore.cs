using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Simulation.Tests;

/// <summary>The disk of the world: it survives every crash. An append takes time; it may fail, be committed unheard, or outlive the process that sent it.</summary>
internal sealed class SimStore(World world, IHistoryStore durable)
{
    /// <summary>What is durable, without any fault in between.</summary>
    public IHistoryStore Durable => durable;

    /// <summary>The store as one process sees it.</summary>
    public IHistoryStore Connect(SimProcess process) => new Connection(this, world, process);

    private sealed class Connection(SimStore store, World world, SimProcess process) : IHistoryStore
    {
        public Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation)
        {
            TaskCompletionSource<AppendOutcome> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            DiskFault fault = world.Faults.Disk();
            world.After(world.Faults.DiskDelay(), () => Commit(append, fault, answer));
            return answer.Task;
        }

        public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation) =>
            ReadAsync(() => store.Durable.ReadAsync(key, after, max, default).Result);

        public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation) =>
            ReadAsync(() => store.Durable.ReadLiveAsync(pool, default).Result);

        public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation) =>
            ReadAsync(() => store.Durable.ReadChangedAsync(pool, since, default).Result);

        private void Commit(HistoryAppend append, DiskFault fault, TaskCompletionSource<AppendOutcome> answer)
        {
            if (fault == DiskFault.FailBefore)
            {
                Marks.Hit(Marks.AppendFailed);
                Answer(() => answer.TrySetException(new HistoryUnavailableException("The disk said no.")));
                return;
            }
            AppendOutcome outcome = store.Durable.AppendAsync(append, default).Result;
            world.Log($"{process.Name} append {append.Key[..4]} {append.ExpectedVersion}+{append.Events.Length} {outcome}");
            if (outcome == AppendOutcome.Conflict)
                Marks.Hit(Marks.Fenced);
            else if (!process.Alive)
                Marks.Hit(Marks.AppendOfTheDead);
            if (fault == DiskFault.LoseAnswer)
            {
                Marks.Hit(Marks.LostAnswer);
                Answer(() => answer.TrySetException(new HistoryUnavailableException("The disk did not answer.")));
            }
            else
                Answer(() => answer.TrySetResult(outcome));
        }

        private Task<T> ReadAsync<T>(Func<T> read)
        {
            TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            bool fails = world.Faults.Disk() == DiskFault.FailBefore;
            Answer(() =>
            {
                if (fails)
                    answer.TrySetException(new HistoryUnavailableException("The disk could not read."));
                else
                    answer.TrySetResult(read());
            });
            return answer.Task;
        }

        private void Answer(Action action) => world.After(world.Faults.DiskDelay(), action);
    }
}
