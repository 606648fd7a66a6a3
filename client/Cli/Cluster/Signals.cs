using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Astraea.Cli.Cluster;

/// <summary>Signals to a child process that the runtime itself cannot send.</summary>
internal static partial class Signals
{
    private const int Terminate = 15;
    private static readonly int s_stop = OperatingSystem.IsLinux() ? 19 : 17;
    private static readonly int s_continue = OperatingSystem.IsLinux() ? 18 : 19;

    /// <summary>Asks it to end in order.</summary>
    public static void AskToEnd(Process process) => Send(process, Terminate);

    /// <summary>Stops it where it is: no code of it runs until <see cref="Resume"/>.</summary>
    public static void Suspend(Process process) => Send(process, s_stop);

    /// <summary>Lets it run again.</summary>
    public static void Resume(Process process) => Send(process, s_continue);

    private static void Send(Process process, int signal)
    {
        // A process that has gone needs no signal.
        if (!process.HasExited)
            _ = Kill(process.Id, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
