using System.CommandLine;
using System.Reflection;
using Astraea.Cli.Cluster;
using Astraea.Cli.Commands;
using Astraea.Cli.Demo;
using Astraea.Client;

Command version = new("version", "Prints the version.");
version.SetAction(static _ => Console.Out.WriteLine(Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion));
RootCommand root = new("Astraea serves LLM agents, not LLM calls.")
{
    DemoCommand.Create(), ClusterCommand.Create(), InspectCommands.Requests(), InspectCommands.ClusterView(), version,
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        // A cluster takes its time to stop in order; whoever cannot wait presses Ctrl-C at it again, or kills it.
        ProcessTerminationTimeout = TimeSpan.FromMinutes(3),
    });
}
catch (Exception e) when (e is DemoException or ClusterException or PostgresServerException or AstraeaException)
{
    await Console.Error.WriteLineAsync($"astraea: {e.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("astraea: stopped.");
    return 130;
}
