using Astraea.Simulator.Model;

namespace Astraea.Simulator.Running;

/// <summary>Many runs, as many at once as there are cores; what comes back is in the order of what was asked.</summary>
/// <param name="run">Runs one.</param>
/// <param name="parallel">At once.</param>
public sealed class RunBatch(SimulationRun run, int parallel)
{
    /// <summary>Runs all.</summary>
    /// <param name="scenarios">Made when their turn comes, so that only those that run are in memory.</param>
    /// <param name="digest">What is kept of a run.</param>
    /// <param name="progress">Told after each.</param>
    /// <param name="cancellation">Gives up.</param>
    public T[] All<T>(IReadOnlyList<Func<Scenario>> scenarios, Func<Scenario, RunResult, T> digest, IRunProgress progress, CancellationToken cancellation)
    {
        T[] results = new T[scenarios.Count];
        progress.More(scenarios.Count);
        ParallelOptions options = new() { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation };
        try
        {
            // One by one from a shared list: long runs do not wait in line behind each other.
            Parallel.ForEach(Enumerable.Range(0, scenarios.Count), options, index =>
            {
                Scenario scenario = scenarios[index]();
                results[index] = digest(scenario, run(scenario, cancellation));
                progress.Done();
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.Count == 1)
        {
            throw e.InnerException!;
        }
        return results;
    }
}

/// <summary>Whoever shows how far the runs are. Called from many threads.</summary>
public interface IRunProgress
{
    /// <summary>What comes now.</summary>
    void Stage(string what);

    /// <summary>More runs are to be done.</summary>
    void More(int runs);

    /// <summary>One is done.</summary>
    void Done();
}

/// <summary>Shows nothing.</summary>
public sealed class SilentProgress : IRunProgress
{
    /// <inheritdoc/>
    public void Stage(string what) { }

    /// <inheritdoc/>
    public void More(int runs) { }

    /// <inheritdoc/>
    public void Done() { }
}
