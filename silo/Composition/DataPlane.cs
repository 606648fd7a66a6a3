using System.Globalization;
using System.Net;
using Astraea.Core.Lifecycle;
using Astraea.Silo.Security;
using Astraea.Worker.Transfer;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Astraea.Silo.Composition;

/// <summary>Where workers take KV from each other: a server and port of its own, for members of the cluster only. HTTP/2 over mutual TLS.</summary>
internal sealed class DataPlane : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DataPlane(WebApplication app, string address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>Base address other workers use.</summary>
    public string Address { get; }

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<DataPlane> StartAsync(
        DataPlaneAddress address, NodeTls tls, Func<WorkerId, IKvTarget?> find, ILogger log, CancellationToken cancellation)
    {
        // An empty builder: nothing of the node's configuration, least of all its addresses, applies here.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address.Bind, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = connection => ValueTask.FromResult(tls.Listening(
                        reason => DataPlaneLog.CallerRefused(log, connection.Connection.RemoteEndPoint, reason))),
                });
            });
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.MapKvTransfer(find);
        await app.StartAsync(cancellation);
        string bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        string advertised = address.For(int.Parse(bound.AsSpan(bound.LastIndexOf(':') + 1), CultureInfo.InvariantCulture));
        DataPlaneLog.Listening(log, bound, advertised);
        return new DataPlane(app, advertised);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

internal static partial class DataPlaneLog
{
    [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Data plane listens on {Bound}; other workers use {Advertised}")]
    public static partial void Listening(ILogger log, string bound, string advertised);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Warning, Message = "Data plane turned {Peer} away: {Reason}")]
    public static partial void CallerRefused(ILogger log, EndPoint? peer, string reason);

    [LoggerMessage(EventId = 4103, Level = LogLevel.Warning, Message = "KV was not sent to a peer that is not one of us: {Reason}")]
    public static partial void TargetRefused(ILogger log, string reason);
}
