using System.Net;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Transfer;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Astraea.Silo.Composition;

/// <summary>Where workers take KV from each other: a server and port of its own, on loopback, so that no client of the gateway can reach it.</summary>
internal sealed class DataPlane : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DataPlane(WebApplication app) => _app = app;

    /// <summary>Base address.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Listens on a free port, HTTP/2 without TLS.</summary>
    public static async Task<DataPlane> StartAsync(Func<WorkerId, WorkerService?> find, CancellationToken cancellation)
    {
        // An empty builder: nothing of the node's configuration, least of all its addresses, applies here.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.MapKvTransfer(find);
        await app.StartAsync(cancellation);
        return new DataPlane(app);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
