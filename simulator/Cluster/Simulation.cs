using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>Runs scenarios in virtual time. The same scenario gives the same result, bit by bit.</summary>
public static class Simulation
{
    /// <summary>Runs a scenario from its beginning to its end.</summary>
    /// <param name="scenario">What is run.</param>
    /// <param name="progress">Hears the share of jobs that have ended, between 0 and 1.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ArgumentException">The scenario cannot be run; the message names key and value.</exception>
    public static RunResult Run(Scenario scenario, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ScenarioCheck.Require(scenario);
        return new ClusterRun(scenario).Run(progress, cancellation);
    }
}
