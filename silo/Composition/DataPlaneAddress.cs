using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Astraea.Silo.Options;

namespace Astraea.Silo.Composition;

/// <summary>Where the data plane listens, and under which address others find it.</summary>
/// <param name="Bind">Port 0 takes a free one.</param>
/// <param name="Host">For others.</param>
/// <param name="Port">For others; 0: the one that is bound.</param>
internal sealed record DataPlaneAddress(IPEndPoint Bind, string Host, int Port)
{
    private const string Scheme = "https://";

    /// <summary>Reads the options.</summary>
    public static bool TryRead(DataPlaneOptions options, [NotNullWhen(true)] out DataPlaneAddress? address, [NotNullWhen(false)] out string? problem)
    {
        address = null;
        string listen = options.Listen.Length == 0 ? "127.0.0.1:0" : options.Listen;
        if (!TrySplit(listen, out string host, out int? port) || port is null || !TryAddress(host, out IPAddress? ip))
        {
            problem = $"{DataPlaneOptions.Section}:Listen is '{options.Listen}'; it should be IP:PORT or https://IP:PORT.";
            return false;
        }
        if (options.Advertise.Length == 0)
        {
            bool everywhere = ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any);
            problem = everywhere ? $"{DataPlaneOptions.Section}:Advertise must be set: nobody can be told to send to {ip}." : null;
            address = everywhere ? null : new DataPlaneAddress(new IPEndPoint(ip, port.Value), Bracketed(ip), 0);
            return address is not null;
        }
        if (!TrySplit(options.Advertise, out string reached, out int? other) || (IPAddress.TryParse(reached, out IPAddress? no) && (no.Equals(IPAddress.Any) || no.Equals(IPAddress.IPv6Any))))
        {
            problem = $"{DataPlaneOptions.Section}:Advertise is '{options.Advertise}'; it should be HOST, HOST:PORT or https://HOST:PORT, and a place others can reach.";
            return false;
        }
        problem = null;
        address = new DataPlaneAddress(new IPEndPoint(ip, port.Value), IPAddress.TryParse(reached, out IPAddress? literal) ? Bracketed(literal) : reached, other ?? 0);
        return true;
    }

    /// <summary>Base address for others, once the port is known.</summary>
    public string For(int boundPort) => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Host}:{(Port == 0 ? boundPort : Port)}");

    private static bool TryAddress(string host, [NotNullWhen(true)] out IPAddress? ip)
    {
        if (host != "localhost")
            return IPAddress.TryParse(host, out ip);
        ip = IPAddress.Loopback;
        return true;
    }

    private static string Bracketed(IPAddress ip) => ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{ip}]" : ip.ToString();

    /// <summary>Takes "https://" off and tells host from port; a bare IPv6 address has colons and no port.</summary>
    private static bool TrySplit(string text, out string host, out int? port)
    {
        port = null;
        host = text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..].TrimEnd('/') : text;
        int colon = host.LastIndexOf(':');
        bool bare = host.IndexOf(':', StringComparison.Ordinal) != colon && !host.StartsWith('[');
        if (colon >= 0 && !bare && !host.EndsWith(']'))
        {
            if (!ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number))
                return false;
            port = number;
            host = host[..colon];
        }
        host = host.Trim('[', ']');
        return Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
