using Astraea.Simulator.Model;

namespace Astraea.Simulator.Running;

/// <summary>Runs a scenario from its beginning to its end in virtual time.</summary>
/// <param name="scenario">What is run.</param>
/// <param name="cancellation">Gives up.</param>
public delegate RunResult SimulationRun(Scenario scenario, CancellationToken cancellation);
