using System.CommandLine;
using Astraea.Simulator.Cluster;
using Astraea.Simulator.Commands;
using Astraea.Simulator.Hardware;
using Astraea.Simulator.Planning;
using Astraea.Simulator.Running;
using Astraea.Simulator.Workloads;

SimulationRun run = static (scenario, cancellation) => Simulation.Run(scenario, null, cancellation);
RootCommand root = new("Astraea's simulator: the scheduler of the cluster in virtual time.") { SimulateCommand.Create(run), LabCommand.Create(run) };
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is ScenarioException or TraceException or HardwareProfileException)
{
    await Console.Error.WriteLineAsync($"astraea: {e.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("astraea: stopped.");
    return 130;
}
