using System.Net;
using System.Net.Sockets;

namespace Astraea.Cli.Cluster;

/// <summary>Ports of the loopback address that nobody uses. Each is handed out once, because its user takes a moment to listen there.</summary>
internal static class FreePorts
{
    private static readonly Lock s_gate = new();
    private static readonly HashSet<int> s_given = [];

    /// <summary>One more.</summary>
    public static int Take()
    {
        lock (s_gate)
        {
            while (true)
            {
                using TcpListener probe = new(IPAddress.Loopback, 0);
                probe.Start();
                int port = ((IPEndPoint)probe.LocalEndpoint).Port;
                if (s_given.Add(port))
                    return port;
            }
        }
    }
}
