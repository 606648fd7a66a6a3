namespace Astraea.Silo.Composition;

/// <summary>Stops the process when its standard input ends: whoever started it as a child holds the other end, and has gone, however it went.</summary>
internal static class InputWatch
{
    /// <summary>Watches from a thread of its own, because reading a terminal or a pipe blocks.</summary>
    public static void Start(IHostApplicationLifetime lifetime)
    {
        Thread watch = new(() =>
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
                // What is written there says nothing; only the end does.
            }
            lifetime.StopApplication();
        })
        {
            IsBackground = true,
            Name = "input watch",
        };
        watch.Start();
    }
}
