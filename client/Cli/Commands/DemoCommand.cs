using System.CommandLine;
using Astraea.Cli.Demo.Replay;

namespace Astraea.Cli.Commands;

/// <summary><c>astraea demo</c>: replays agent requests under several policies and compares them.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<int> workers = DemoArguments.Whole("--workers", 2, "Workers of the node.");
        Command command = new("demo", "Replays agent requests under several policies on the same arrivals, and compares them.") { workers };
        DemoArguments arguments = new(command);
        command.SetAction((parsed, cancellation) =>
            DemoArguments.RunAsync(arguments.Read(parsed, parsed.GetValue(workers)), NodeProcess.StartAsync, cancellation));
        return command;
    }
}
